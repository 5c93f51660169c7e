import type { Command } from "commander";

import { findCloud } from "../operations/cloud";
import { Nova } from "../operations/nova";
import type { RunOptions } from "../operations/run";
import type { StoppedServersOptions } from "../operations/stopInTime";
import { withServersStopped } from "../operations/stoppedServers";

export interface StopServersFlags {
    stopServers?: boolean;
}

/** Servers stopped, re-attached and started at a time. */
const BATCH = 4;

export const withStopServers = (command: Command): Command =>
    command.option(
        "--stop-servers",
        "stop the running servers before a planned move, re-attach and start them after it",
    );

/** What a move's journal keeps of it: who goes on re-attaches and starts the servers as well. */
export const recordedStop = ({ stopServers }: StopServersFlags): RecordedStop =>
    stopServers === true ? { stopServers, batch: BATCH } : {};

interface RecordedStop extends StopServersFlags {
    batch?: number;
}

/**
 * The move as it is, or between a stop and a start of its servers.
 * @param id the move that is gone on with, where it is named
 */
export function perhapsStopping(
    { stopServers, batch = BATCH }: RecordedStop,
    move: Omit<StoppedServersOptions, "nova" | "batch">,
    work: (options: RunOptions) => Promise<string>,
    id?: string,
): (options: RunOptions) => Promise<string> {
    if (stopServers !== true) return work;
    const named = id === undefined ? {} : { id };
    return async (options) => {
        const nova = new Nova(findCloud(process.env));
        try {
            return await withServersStopped(options, { ...move, ...named, nova, batch }, work);
        } finally {
            await nova.close();
        }
    };
}
