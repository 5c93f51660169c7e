import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { buildPart, hashSources } from "./build.mjs";
import { decide, once } from "./decide.mjs";
import { provideGo } from "./golang.mjs";
import { downloadOfficial, officialAnswers } from "./official.mjs";
import { cliOnPath, inspect, mark, partsIn, pulumiHome, unmark } from "./parts.mjs";

export const project = join(import.meta.dirname, "..");
export const cacheFolder = join(project, ".toolchain");

/** How things are, without changing any. */
export function report(env = process.env) {
    const home = pulumiHome(env);
    const parts = partsIn(home).map((part) => {
        const there = inspect(part);
        const outdated = there.origin === "built" && there.sources !== hashSources(part.module);
        return {
            name: part.name,
            version: part.version,
            origin: there.origin ?? "missing",
            ...(outdated && { outdated }),
            ...(there.when && { since: there.when }),
            folder: part.dir,
        };
    });
    return { home, cache: cacheFolder, parts };
}

/** Makes every part present, each by the first way that works: what is there, the official download, a build. */
export async function ensure(wants, progress, env = process.env) {
    const home = pulumiHome(env);
    const asked = once(async () => {
        const yes = await officialAnswers(project);
        progress.line(
            yes
                ? "the official download answers"
                : "the official download does not answer: building instead",
        );
        return yes;
    });
    const go = once(() => provideGo(cacheFolder, env, progress));
    const parts = partsIn(home);
    const done = [];
    for (const part of parts) {
        if (part.name === "pulumi" && !inspect(part).present) linkCliOfPath(part, env, progress);
        const sources = hashSources(part.module);
        let action = await decide(inspect(part), sources, wants, asked);
        if (action === "official") action = await tryOfficial(part, parts[0], progress);
        if (action === "build") {
            unmark(part);
            await buildPart(part, { cache: cacheFolder, go: await go(), sources, progress });
            mark(part, "built", sources);
        }
        const { origin } = inspect(part);
        progress.line(
            `${part.name} ${part.version}: ${action === "use" ? `there (${origin})` : origin}`,
        );
        done.push({ name: part.name, action, origin });
    }
    return done;
}

async function tryOfficial(part, cli, progress) {
    progress.line(`downloading ${part.name} ${part.version}`);
    try {
        await downloadOfficial(part, { project, cli: join(cli.dir, "pulumi"), progress });
        mark(part, "official");
        return "official";
    } catch (error) {
        progress.line(`the official download of ${part.name} failed: ${error.message}`);
        // What was built here before may still be whole; then it stays.
        return inspect(part).present ? "use" : "build";
    }
}

/** The npm package `pulumi` looks in one folder only; a CLI elsewhere on the PATH is linked there. */
function linkCliOfPath(part, env, progress) {
    const path = cliOnPath(env);
    if (!path) return;
    mkdirSync(part.dir, { recursive: true });
    for (const file of part.files) {
        rmSync(join(part.dir, file), { force: true });
        symlinkSync(join(path, "..", file), join(part.dir, file));
    }
    progress.line(`using ${path}`);
}
