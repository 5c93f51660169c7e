import type { Command } from "commander";

import { consentsSaid } from "../core/reportConsents";
import { failoverForced } from "../operations/failoverForced";
import { failoverPlanned, plannedMove } from "../operations/failoverPlanned";
import type { RunOptions } from "../operations/run";
import type { Done } from "./exitCode";
import { recorded, runOperation, withOperation, type OperationFlags } from "./operation";
import {
    perhapsStopping,
    recordedStop,
    withStopServers,
    type StopServersFlags,
} from "./stopServers";
import { UsageError } from "./topologyFile";

interface FailoverFlags extends OperationFlags, StopServersFlags {
    planned?: boolean;
    forced?: boolean;
    fenced?: string;
    rbdMirrorStopped?: boolean;
    writeRows?: boolean;
    writeAllRows?: boolean;
}

const given = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> =>
    value === undefined ? {} : ({ [key]: value } as Record<K, V>);

export const failoverCommand = (root: Command, done: Done): Command =>
    withStopServers(
        withOperation(
            root
                .command("failover")
                .description(
                    "move a backend to the secondary site, and prove it in Cinder and Ceph",
                )
                .option(
                    "--planned",
                    "both sites live: nothing is lost, refused unless every image is ready",
                )
                .option("--forced", "the primary is dead or cut off: its last writes are lost")
                .option(
                    "--fenced <how>",
                    "with --forced: the primary lives and no client can write to it; how that was done",
                )
                .option(
                    "--rbd-mirror-stopped",
                    "with --forced: you have stopped the secondary's rbd-mirror yourself",
                )
                .option(
                    "--write-rows",
                    "with --forced: where cinder-volume hangs or is down, write its rows through the host's own Cinder",
                )
                .option(
                    "--write-all-rows",
                    "with --forced: the same of every host, which does without Cinder's tries to reach the dead site",
                ),
        ),
    ).action(async ({ planned = false, forced = false, ...flags }: FailoverFlags) => {
        if (planned === forced) throw new UsageError("name either --planned or --forced");
        const {
            fenced,
            rbdMirrorStopped,
            writeAllRows,
            writeRows = writeAllRows,
            ...common
        } = flags;
        const said = consentsSaid(flags);
        if (planned) {
            if (fenced !== undefined || rbdMirrorStopped === true || writeRows === true)
                throw new UsageError(
                    "--fenced, --rbd-mirror-stopped, --write-rows and --write-all-rows go with --forced only",
                );
            const stop = recordedStop(flags);
            const work = (options: RunOptions) =>
                failoverPlanned({ ...options, said }, { ...recorded(flags, options), ...stop });
            const { verb } = plannedMove;
            done(await runOperation(verb, common, perhapsStopping(stop, plannedMove, work)));
            return;
        }
        if (flags.stopServers === true)
            throw new UsageError("--stop-servers goes with --planned only");
        const more = {
            ...given("fenced", fenced),
            ...given("mirrorStopped", rbdMirrorStopped),
            ...given("writeRows", writeRows),
            ...given("writeAllRows", writeAllRows),
        };
        done(
            await runOperation("failover --forced", common, (options) =>
                failoverForced(
                    { ...options, ...more, said },
                    { ...recorded(flags, options), ...more },
                ),
            ),
        );
    });
