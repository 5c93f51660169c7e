import { execFileSync, spawn } from "node:child_process";
import { basename } from "node:path";

/** Seconds between the two interrupts. */
const BETWEEN = "3";

/** Process id of the Pulumi CLI that runs this program; undefined when something else does. */
function engine(): number | undefined {
    for (let pid = process.ppid; pid > 1;) {
        const said = execFileSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)])
            .toString()
            .trim();
        const [parent = "", ...command] = said.split(/\s+/);
        if (basename(command.join(" ")) === "pulumi") return pid;
        pid = Number(parent);
    }
    return undefined;
}

/**
 * Ends `pulumi` as Ctrl-C twice does: the first cancels and waits for what is under way, the second does not. Sent from
 * a process of its own, because the first one already ends this program.
 */
export function interruptEngine(): void {
    const pid = engine();
    if (pid === undefined) return;
    const script = 'kill -INT "$1"; sleep "$2"; kill -INT "$1"';
    spawn("/bin/sh", ["-c", script, "sh", String(pid), BETWEEN], {
        detached: true,
        stdio: "ignore",
    }).unref();
}
