import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { run } from "./progress.mjs";

export const STACK = "lab";
export const ENV_FILE = "/var/lib/cinder-dr-lab/env.sh";

/** The environment that the lab's env.sh makes, as a user's shell would read it. */
export function labEnvironment(file = ENV_FILE, env = process.env) {
    const out = execFileSync("/bin/sh", ["-c", '. "$0" && env -0', file], {
        env,
        encoding: "utf8",
    });
    return Object.fromEntries(
        out
            .split("\0")
            .filter(Boolean)
            .map((entry) => {
                const at = entry.indexOf("=");
                return [entry.slice(0, at), entry.slice(at + 1)];
            }),
    );
}

function isPulumi(pid) {
    try {
        return basename(readlinkSync(`/proc/${pid}/exe`)).startsWith("pulumi");
    } catch {
        return false;
    }
}

/**
 * The locks on a stack in a file backend, apart: those of a pulumi that runs, or ran on another machine (`held`), and
 * those that a killed one left here (`stale`). A process number alone proves nothing, for numbers come again.
 */
export function sortLocks(locks, { host = hostname(), alive = isPulumi } = {}) {
    const isStale = (lock) => lock.hostname === host && !alive(lock.pid);
    return { stale: locks.filter(isStale), held: locks.filter((lock) => !isStale(lock)) };
}

export function readLocks(backendUrl, projectName, stack) {
    const root = backendUrl.replace(/^file:\/\//, "").replace(/\?.*$/, "");
    const folder = join(root, ".pulumi", "locks", "organization", projectName, stack);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
        .filter((file) => file.endsWith(".json"))
        .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
}

const projectName = (project) =>
    /^name:\s*(\S+)/m.exec(readFileSync(join(project, "Pulumi.yaml"), "utf8"))[1];

/** Selects the lab's stack, made if need be, and frees it from the lock of a killed run. */
export async function openStack({ project, pulumi, env, progress }) {
    const options = {
        cwd: project,
        env,
        progress,
        status: () => `still opening the stack ${STACK}`,
    };
    const words = ["--non-interactive", "--stack", STACK];
    const stacks = JSON.parse(
        await run(pulumi, ["stack", "ls", "--json", "--non-interactive"], options),
    );
    if (!stacks.some(({ name }) => name.split("/").pop() === STACK)) {
        progress.line(`making the stack ${STACK}`);
        await run(pulumi, ["stack", "init", ...words], options);
        // The stack file now has the salt of the state's secrets; the lab keeps a copy for other clones.
        await run(process.execPath, [join(project, "lab", "lab.mjs"), "stack"], options);
    }
    await run(pulumi, ["stack", "select", ...words], options);
    const { stale, held } = sortLocks(
        readLocks(env.PULUMI_BACKEND_URL, projectName(project), STACK),
    );
    if (held.length > 0) {
        const { pid, username, hostname: on } = held[0];
        throw new Error(
            `stack ${STACK} is locked by pulumi, process ${pid} of ${username}@${on}: wait for it, or end it`,
        );
    }
    if (stale.length > 0) {
        progress.line(
            `a killed run (process ${stale[0].pid}) left the stack locked: pulumi cancel`,
        );
        await run(pulumi, ["cancel", STACK, "--yes", "--non-interactive"], options);
    }
}
