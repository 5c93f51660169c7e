import { spawn } from "node:child_process";

import { shownCheck, type DrillCheck, type DrilledImage } from "../core/drill";
import type { CephSite } from "./cephSite";

/**
 * Runs the operator's own command on this machine, with the clones' names (`pool/clone`) as its arguments, one JSON
 * object about them on stdin, and how to reach them in the environment. What it prints goes to stderr.
 * @param seconds limit; then it is ended, with all it started
 */
export function runCheck(
    command: string,
    at: CephSite,
    images: readonly DrilledImage[],
    seconds: number,
    signal: AbortSignal,
): Promise<DrillCheck> {
    const { site } = at;
    const specs = images.map(({ pool, clone }) => `${pool}/${clone}`);
    const start = performance.now();
    return new Promise((resolve, reject) => {
        const child = spawn("/bin/sh", ["-c", `${command} "$@"`, "cinder-dr-drill", ...specs], {
            // A group of its own, so that all it started can be ended with it.
            detached: true,
            stdio: ["pipe", process.stderr, process.stderr],
            env: {
                ...process.env,
                CINDER_DR_SITE: site.name,
                CINDER_DR_ADMIN_HOST: site.adminHost.address,
                CINDER_DR_CLUSTER: site.clusterName,
                CINDER_DR_CONF: site.conf,
                CINDER_DR_CEPH_USER: site.cephUser,
                CINDER_DR_CLONES: specs.join(" "),
            },
        });
        let ended = false;
        const end = () => {
            ended = true;
            try {
                if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
            } catch (error) {
                // It ended by itself a moment before.
                if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
            }
        };
        const timer = setTimeout(end, seconds * 1000);
        signal.addEventListener("abort", end, { once: true });
        const settle = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", end);
            const shown = shownCheck(command);
            return { command: shown, site: site.name, seconds: (performance.now() - start) / 1000 };
        };
        child.once("error", (error) => {
            settle();
            reject(error);
        });
        child.once("close", (code) => {
            const result = settle();
            // A command that a signal ended has no code; a shell would say 128 and more.
            resolve(ended ? result : { ...result, exitCode: code ?? 128 });
        });
        // A check that does not read its stdin is none the worse for it.
        child.stdin.on("error", () => undefined);
        child.stdin.end(`${JSON.stringify({ site: site.name, images })}\n`);
    });
}
