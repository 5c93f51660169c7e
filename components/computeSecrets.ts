import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import { scriptWords } from "../core/hostCommand";
import { libvirtSecrets, type LibvirtSecret } from "../core/libvirtSecrets";
import { toShell } from "../core/shell";
import type { Compute, Topology } from "../core/topology";
import type { Role } from "../core/topology/site";
import { connectionArgs } from "./connection";
import { commandHooks } from "./pushHooks";
import { refuse } from "./refuse";
import { scriptStdin } from "./script";

export interface ComputeSecretsArgs {
    /** The compute host, as {@link parseTopology} gives it. */
    compute: Compute;
    /** What is defined there; without keys. */
    secrets: LibvirtSecret[];
    /** The secrets with their keys; secret. */
    keyed: pulumi.Input<(LibvirtSecret & { key: string })[]>;
    /** Whose secrets these are on the host: what is defined under one owner is taken back under it only. */
    owner: string;
}

/** The libvirt secrets of one compute host: one SSH connection an update, keys on stdin. */
export class ComputeSecrets extends pulumi.ComponentResource {
    /** Name of the host, known once it holds the secrets. */
    readonly compute: pulumi.Output<string>;

    constructor(name: string, args: ComputeSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
        const { compute, secrets, keyed, owner } = args;
        const { connection, python, commandPrefix, uri } = compute;
        super(
            "cinder-dr:index:ComputeSecrets",
            name,
            { compute: compute.name, address: connection.address, commandPrefix, uri, secrets },
            opts,
        );
        const seat = { python, sudo: connection.user !== "root" };
        const line = (verb: string) => toShell(scriptWords(seat, [verb]));
        const request = pulumi.output(keyed).apply((known) => ({
            where: `compute ${compute.name}`,
            owner,
            commandPrefix,
            uri,
            secrets: known,
        }));
        const command = new remote.Command(
            `${name}-secrets`,
            {
                connection: refuse(() => connectionArgs(connection)),
                create: line("apply"),
                update: line("apply"),
                delete: line("remove"),
                stdin: pulumi.secret(request.apply((plain) => scriptStdin("libvirt.py", plain))),
                logging: "none",
                // Otherwise the last output travels back as environment, which sshd refuses with a warning.
                addPreviousOutputInEnv: false,
            },
            {
                parent: this,
                additionalSecretOutputs: ["stdout", "stderr"],
                hooks: commandHooks({ name: `${name}-secrets`, host: compute.name }),
            },
        );
        this.compute = command.id.apply(() => compute.name);
        this.registerOutputs({ compute: this.compute });
    }
}

/** All computes of a topology. An attachment names its secret, so they hold it before a Cinder host gives it out. */
export function computeSecrets(
    topology: Topology,
    keys: Record<Role, pulumi.Output<Record<string, string>>>,
    owner: string,
    opts: pulumi.ComponentResourceOptions,
): ComputeSecrets[] {
    const secrets = libvirtSecrets(topology);
    const keyed = pulumi.all([keys.primary, keys.secondary]).apply(([primary, secondary]) =>
        secrets.map((secret) => {
            const known = secret.site === topology.sites.primary.name ? primary : secondary;
            return { ...secret, key: known[secret.user] ?? "" };
        }),
    );
    return topology.computes.map(
        (compute) => new ComputeSecrets(compute.name, { compute, secrets, keyed, owner }, opts),
    );
}
