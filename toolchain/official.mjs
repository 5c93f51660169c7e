import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { run } from "./progress.mjs";

export const PROBE_MILLISECONDS = 4000;

/** The installer that the npm package `pulumi` runs itself when it finds no CLI. */
function npmInstaller(project) {
    return createRequire(join(project, "package.json"))("pulumi/lib/download.js").installCLI;
}

async function fetchText(url, milliseconds) {
    const response = await fetch(url, { signal: AbortSignal.timeout(milliseconds) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response.text();
}

/**
 * Whether the official download answers: its install script is fetched, by the npm package's own code, and thrown
 * away.
 */
export async function officialAnswers(project, installer = npmInstaller(project), get = fetchText) {
    try {
        await installer("0", "/nonexistent", {
            fetchText: async (url) => {
                if (!(await get(url, PROBE_MILLISECONDS)).startsWith("#!"))
                    throw new Error("no script");
                return "";
            },
            execScript: () => {},
        });
        return true;
    } catch {
        return false;
    }
}

/** Downloads one part with Pulumi's own means. The plugins need the CLI, so it comes first. */
export async function downloadOfficial(part, { project, cli, progress }) {
    const status = () => `still downloading ${part.name} ${part.version}`;
    if (part.name !== "pulumi") {
        const args = ["plugin", "install", "resource", part.name, part.version, "--reinstall"];
        await run(cli, args, { progress, status });
        return;
    }
    const root = join(part.dir, "..");
    const temporary = `${root}.${process.pid}`;
    // The script's own progress goes to stderr: stdout may be JSON.
    const execScript = (path, args) =>
        execFileSync("/bin/sh", [path, ...args], { stdio: ["ignore", 2, 2] });
    await npmInstaller(project)(part.version, temporary, { execScript });
    if (!existsSync(join(temporary, "bin", "pulumi"))) throw new Error("the installer left no CLI");
    mkdirSync(join(root, ".."), { recursive: true });
    rmSync(root, { recursive: true, force: true });
    renameSync(temporary, root);
}
