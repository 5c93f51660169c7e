import { readFileSync } from "node:fs";
import { spawnSync, type SpawnSyncOptions } from "node:child_process";

export interface TimedOptions extends SpawnSyncOptions {
    /** Gets what the command wrote to each descriptor. */
    onEnd?: (output: readonly unknown[]) => void;
}

/** Runs a command and returns its seconds; its output is shown only when it fails. */
export function timed(file: string, args: string[], options: TimedOptions = {}): number {
    const { onEnd, ...given } = options;
    const start = performance.now();
    const { status, stdout, stderr, error, output } = spawnSync(file, args, {
        encoding: "utf8",
        ...given,
    });
    if (error !== undefined) throw error;
    if (status !== 0)
        throw new Error(
            `${file} ${args.join(" ")}: exit code ${String(status)}\n${String(stdout)}${String(stderr)}`,
        );
    const seconds = (performance.now() - start) / 1000;
    onEnd?.(output);
    return seconds;
}

/** Linux counts in hundredths, whatever its timer does. */
const TICKS = 100;

/**
 * Seconds of processor that ended children of this process have used so far, with theirs: what a busy machine cannot
 * stretch much. From the fields cutime and cstime of proc_pid_stat(5); Linux only.
 */
export function childrensSeconds(): number {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // The command's name, in parentheses, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

export interface Times {
    name: string;
    seconds: number[];
}

const median = (seconds: number[]): number => {
    const sorted = [...seconds].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
};

/** Runs every contestant once a round, in turn, so that a busy moment of the machine hits all alike. */
export function interleave(
    rounds: number,
    contestants: Record<string, (round: number) => number>,
): Times[] {
    const times = Object.keys(contestants).map((name): Times => ({ name, seconds: [] }));
    for (let round = 0; round < rounds; round++)
        for (const entry of times) {
            entry.seconds.push(contestants[entry.name]?.(round) ?? 0);
            process.stderr.write(
                `round ${String(round + 1)}/${String(rounds)}: ${entry.name} ${entry.seconds.at(-1)?.toFixed(2) ?? ""} s\n`,
            );
        }
    return times;
}

/** Prints min, median and max, and each median as a ratio to the last contestant's. */
export function report(times: Times[]): void {
    const base = median(times.at(-1)?.seconds ?? []);
    for (const { name, seconds } of times)
        console.log(
            `${name.padEnd(34)} min ${Math.min(...seconds).toFixed(2)}  median ${median(seconds).toFixed(2)}  max ${Math.max(...seconds).toFixed(2)} s  ${(median(seconds) / base).toFixed(2)} x`,
        );
}
