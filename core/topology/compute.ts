import type { z } from "zod";

import {
    address,
    hostShape,
    resolveConnection,
    type Connection,
    type sshDefaults,
} from "./connection";
import { closed, line, named, words } from "./text";

const computeInput = closed("a compute host", {
    ...hostShape,
    commandPrefix: words("words before virsh")
        .optional()
        .describe(
            "Words put before `virsh`, e.g. [docker, exec, -i, nova_libvirt]. Defaults to none.",
        ),
    uri: line("a libvirt URI")
        .regex(/^[a-z][a-z0-9+]*:\/\/\S*$/, {
            error: () => "must be a libvirt URI, e.g. qemu:///system",
        })
        .optional()
        .describe("What virsh connects to. Defaults to qemu:///system."),
});

export const computesInput = named("a map of compute hosts", address, computeInput).describe(
    "Compute hosts on which the backends' libvirt secrets are defined, before a Cinder host uses them; needs `mirroring`. Not run on a real libvirt by this project's tests.",
);

/** One compute host that is given the backends' libvirt secrets, all defaults filled in. */
export interface Compute {
    name: string;
    connection: Connection;
    python: string;
    commandPrefix: string[];
    uri: string;
}

export const resolveComputes = (
    given: z.output<typeof computesInput> | undefined,
    ssh: z.output<typeof sshDefaults>,
): Compute[] =>
    Object.entries(given ?? {}).map(([name, compute]) => ({
        name,
        connection: resolveConnection({ ...compute, address: compute.address ?? name }, ssh),
        python: compute.python ?? "/usr/bin/python3",
        commandPrefix: compute.commandPrefix ?? [],
        uri: compute.uri ?? "qemu:///system",
    }));
