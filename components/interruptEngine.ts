import { execFileSync, spawn } from "node:child_process";
import { basename } from "node:path";

/** Seconds between the two interrupts. */
const BETWEEN = "3";

interface Engine {
    pid: number;
    words: string[];
}

/** The Pulumi CLI that runs this program; undefined when something else does. */
function engine(): Engine | undefined {
    for (let pid = process.ppid; pid > 1;) {
        const said = execFileSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)])
            .toString()
            .trim();
        const [parent = "", ...command] = said.split(/\s+/);
        if (basename(command.join(" ")) === "pulumi") {
            const words = execFileSync("ps", ["-ww", "-o", "args=", "-p", String(pid)]).toString();
            return { pid, words: words.trim().split(/\s+/) };
        }
        pid = Number(parent);
    }
    return undefined;
}

/** Whether it was started with one of these verbs. */
export const engineRuns = (verbs: readonly string[]): boolean =>
    engine()?.words.some((word) => verbs.includes(word)) ?? false;

/**
 * Ends `pulumi` as Ctrl-C twice does: the first cancels and waits for what is under way, the second does not. Sent from
 * a process of its own, because the first one already ends this program.
 */
export function interruptEngine(): void {
    const pid = engine()?.pid;
    if (pid === undefined) return;
    const script = 'kill -INT "$1"; sleep "$2"; kill -INT "$1"';
    spawn("/bin/sh", ["-c", script, "sh", String(pid), BETWEEN], {
        detached: true,
        stdio: "ignore",
    }).unref();
}
