import type { z } from "zod";

import {
    address,
    connectionShape,
    resolveConnection,
    type Connection,
    type sshDefaults,
} from "./connection";
import { closed, line, named, path, words } from "./text";

const computeInput = closed("a compute host", {
    ...connectionShape,
    address: connectionShape.address
        .optional()
        .describe("Where SSH connects to. Defaults to the host's name here."),
    python: path("a Python on the host")
        .optional()
        .describe("Python 3 on the host. Defaults to /usr/bin/python3."),
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
