import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import { parseCephResult, type CephStep, type SiteRequest } from "../core/cephRequest";
import type { DriftEntry } from "../core/drift/record";
import { scriptWords } from "../core/hostCommand";
import { toShell } from "../core/shell";
import type { Site } from "../core/topology";
import type { Connection } from "../core/topology/connection";
import { connectionArgs } from "./connection";
import { commandOf, ignoredChanges, tellDrift } from "./drifted";
import { commandHooks } from "./pushHooks";
import { refuse } from "./refuse";
import { scriptStdin } from "./script";

/** Where a step runs: on an admin host as the login itself, on a host of daemons as root. */
export interface Seat {
    connection: Connection;
    python: string;
    sudo: boolean;
    /** Who speaks in errors. */
    where: string;
}

export const adminSeat = (site: Site): Seat => ({
    connection: site.adminHost,
    python: site.python,
    sudo: false,
    where: `site ${site.name}`,
});

export interface CephCommandOptions extends pulumi.CustomResourceOptions {
    /** What `cinder-dr drift --record` saw of what the step makes. Defaults to nothing. */
    drift?: DriftEntry | undefined;
}

/**
 * One step of the Ceph side over one SSH connection, made and taken back by `host/ceph.py`.
 * @param request plain or with secrets of earlier steps in it
 */
export class CephCommand<T extends object> extends remote.Command {
    /** What the step answered; secret, because some answers are keys. */
    readonly result: pulumi.Output<T>;

    constructor(
        name: string,
        step: CephStep,
        seat: Seat,
        request: pulumi.Input<object>,
        { drift, ...opts }: CephCommandOptions,
    ) {
        const line = (verb: string) => toShell(scriptWords(seat, [step, verb]));
        super(
            name,
            {
                connection: refuse(() => connectionArgs(seat.connection)),
                ...commandOf(drift, line("apply")),
                delete: line("remove"),
                stdin: pulumi.secret(
                    pulumi.output(request).apply((plain) => scriptStdin("ceph.py", plain)),
                ),
                logging: "none",
                // Otherwise the last output travels back as environment, which sshd refuses with a warning.
                addPreviousOutputInEnv: false,
            },
            {
                additionalSecretOutputs: ["stdout", "stderr"],
                hooks: commandHooks({ name, host: seat.where }),
                ...ignoredChanges(drift),
                ...opts,
            },
        );
        tellDrift(drift, this);
        this.result = this.stdout.apply((stdout) => parseCephResult(stdout) as T);
    }
}

/** A step on a site's admin host. */
export const siteCommand = <T extends object>(
    name: string,
    step: CephStep,
    site: Site,
    request: pulumi.Input<SiteRequest>,
    opts: CephCommandOptions,
): CephCommand<T> => new CephCommand<T>(name, step, adminSeat(site), request, opts);
