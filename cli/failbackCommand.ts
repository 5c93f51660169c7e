import type { Command } from "commander";

import { COMPARE_BYTES } from "../core/duration";
import { RESYNC_ONLY } from "../core/operation";
import { consentsSaid } from "../core/reportConsents";
import { failback, failbackMove } from "../operations/failback";
import { resyncOnly } from "../operations/resyncOnly";
import type { RunOptions } from "../operations/run";
import type { Done } from "./exitCode";
import {
    recorded,
    runOperation,
    wholeNumber,
    withOperation,
    type OperationFlags,
} from "./operation";
import {
    perhapsStopping,
    recordedStop,
    withStopServers,
    type StopServersFlags,
} from "./stopServers";
import { UsageError } from "./topologyFile";

interface FailbackFlags extends OperationFlags, StopServersFlags {
    resyncOnly?: boolean;
    resyncSeconds: string;
    compareBytes: string;
}

export const failbackCommand = (root: Command, done: Done): Command =>
    withStopServers(
        withOperation(
            root
                .command("failback")
                .description(
                    "take a failed-over backend back to its primary site, and prove that no byte was lost on the way",
                )
                .option(
                    "--resync-only",
                    "stay on the secondary: only have the primary follow again, volumes in use or not",
                )
                .option("--resync-seconds <n>", "how long resyncing may take", "14400")
                .option(
                    "--compare-bytes <n>",
                    "bytes of each image compared on both sites at the end; 0 compares none",
                    String(COMPARE_BYTES),
                ),
        ),
    ).action(
        async ({ resyncOnly: stays, resyncSeconds, compareBytes, ...flags }: FailbackFlags) => {
            if (stays === true && flags.stopServers === true)
                throw new UsageError(
                    "--stop-servers must not stand beside --resync-only, which moves nothing",
                );
            const limits = {
                resyncSeconds: wholeNumber("--resync-seconds", resyncSeconds),
                compareBytes: wholeNumber("--compare-bytes", compareBytes),
            };
            const said = consentsSaid(flags);
            if (stays === true) {
                const { resyncSeconds } = limits;
                const protect = (options: RunOptions) =>
                    resyncOnly(
                        { ...options, resyncSeconds, said },
                        { ...recorded(flags, options), resyncSeconds },
                    );
                done(await runOperation(RESYNC_ONLY, flags, protect));
                return;
            }
            const stop = recordedStop(flags);
            const work = (options: RunOptions) =>
                failback(
                    { ...options, ...limits, said },
                    { ...recorded(flags, options), ...limits, ...stop },
                );
            const { verb } = failbackMove;
            done(await runOperation(verb, flags, perhapsStopping(stop, failbackMove, work)));
        },
    );
