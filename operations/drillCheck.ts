import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { shownCheck, type DrillCheck, type DrilledImage } from "../core/drill";
import { wordsOf } from "../core/problem";
import type { CephSite } from "./cephSite";

/** Linux takes no string of the environment above 128 KiB (MAX_ARG_STRLEN): some 1,500 clones. */
const LONGEST_VARIABLE = 100_000;

/** The check's environment. @param file has the clones' names, one a line */
function environmentOf({ site }: CephSite, specs: readonly string[], file: string) {
    const inherited = { ...process.env };
    // One of an outer drill would name other clones.
    delete inherited.CINDER_DR_CLONES;
    const clones = specs.join(" ");
    return {
        ...inherited,
        CINDER_DR_SITE: site.name,
        CINDER_DR_ADMIN_HOST: site.adminHost.address,
        CINDER_DR_CLUSTER: site.clusterName,
        CINDER_DR_CONF: site.conf,
        CINDER_DR_CEPH_USER: site.cephUser,
        CINDER_DR_CLONES_FILE: file,
        ...(Buffer.byteLength(clones) > LONGEST_VARIABLE ? {} : { CINDER_DR_CLONES: clones }),
    };
}

/** Ends a process with all it started. */
function endGroup({ pid }: ChildProcess): void {
    try {
        if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch (error) {
        // It ended by itself a moment before.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

/**
 * Waits for the command's end.
 * @returns its exit code; undefined where it was ended
 * @throws Error where it cannot be started
 */
function ended(
    [command, specs, env]: [command: string, specs: readonly string[], env: NodeJS.ProcessEnv],
    stdin: string,
    seconds: number,
    signal: AbortSignal,
): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
        const child = spawn("/bin/sh", ["-c", `${command} "$@"`, "cinder-dr-drill", ...specs], {
            // A group of its own, so that all it started can be ended with it.
            detached: true,
            stdio: ["pipe", process.stderr, process.stderr],
            env,
        });
        let isCut = false;
        const end = () => {
            isCut = true;
            endGroup(child);
        };
        const timer = setTimeout(end, seconds * 1000);
        signal.addEventListener("abort", end, { once: true });
        const settle = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", end);
        };
        child.once("error", (error) => {
            settle();
            reject(error);
        });
        child.once("close", (code) => {
            settle();
            // A command that a signal ended has no code; a shell would say 128 and more.
            resolve(isCut ? undefined : (code ?? 128));
        });
        // A check that does not read its stdin is none the worse for it.
        child.stdin.on("error", () => undefined);
        child.stdin.end(stdin);
    });
}

/**
 * Runs the operator's own command on this machine, with the clones' names (`pool/clone`) as its arguments and in a file,
 * one JSON object about them on stdin, and how to reach them in the environment. What it prints goes to stderr. One that
 * cannot be started is a failed check, and says why.
 * @param seconds limit; then it is ended, with all it started
 */
export async function runCheck(
    command: string,
    at: CephSite,
    images: readonly DrilledImage[],
    seconds: number,
    signal: AbortSignal,
): Promise<DrillCheck> {
    const specs = images.map(({ pool, clone }) => `${pool}/${clone}`);
    const start = performance.now();
    const of = (result: Pick<DrillCheck, "exitCode" | "fault">): DrillCheck => ({
        command: shownCheck(command),
        site: at.site.name,
        seconds: (performance.now() - start) / 1000,
        ...result,
    });
    let folder: string | undefined;
    try {
        folder = mkdtempSync(join(tmpdir(), "cinder-dr-drill-"));
        const file = join(folder, "clones");
        writeFileSync(file, specs.map((spec) => `${spec}\n`).join(""), { mode: 0o600 });
        const stdin = `${JSON.stringify({ site: at.site.name, images })}\n`;
        const env = environmentOf(at, specs, file);
        const exitCode = await ended([command, specs, env], stdin, seconds, signal);
        return of(exitCode === undefined ? {} : { exitCode });
    } catch (error) {
        return of({ fault: wordsOf(error) });
    } finally {
        if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    }
}
