import {
    existsSync,
    readFileSync,
    realpathSync,
    renameSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, sep } from "node:path";
import { spawnSync } from "node:child_process";
import { versions } from "./versions.mjs";

// Beside the part's files: where they came from. Pulumi itself does not read it.
const MARKER = ".cinder-dr-origin.json";

export const pulumiHome = (env = process.env) => env.PULUMI_HOME || join(homedir(), ".pulumi");

/**
 * The parts of the toolchain, each with the folder where the engine, and the npm package `pulumi`, look for it.
 * `module` is the folder under go/ that can build it.
 */
export function partsIn(home) {
    const plugin = (name) => ({
        name,
        version: versions.plugins[name],
        dir: join(home, "plugins", `resource-${name}-v${versions.plugins[name]}`),
        files: [`pulumi-resource-${name}`],
    });
    return [
        {
            name: "pulumi",
            version: versions.pulumi,
            dir: join(home, "versions", versions.pulumi, "bin"),
            files: ["pulumi", "pulumi-language-nodejs"],
            module: "cli",
        },
        { ...plugin("command"), module: "cli" },
        { ...plugin("openstack"), module: "openstack" },
    ];
}

const fingerprint = (part) =>
    part.files.map((file) => {
        const { size, mtimeMs } = statSync(join(part.dir, file));
        return `${size}@${Math.round(mtimeMs)}`;
    });

function isExecutable(path) {
    try {
        const { size, mode } = statSync(path);
        return size > 0 && (mode & 0o111) !== 0;
    } catch {
        return false;
    }
}

/** What is there of a part: `origin` is undefined (nothing whole), 'official', 'built' or 'found'. */
export function inspect(part) {
    if (!part.files.every((file) => isExecutable(join(part.dir, file)))) return { present: false };
    let marker;
    try {
        marker = JSON.parse(readFileSync(join(part.dir, MARKER), "utf8"));
    } catch {
        return { present: true, origin: "found" };
    }
    // Somebody may have put other files in their place since; then the marker tells nothing.
    if (JSON.stringify(marker.files) !== JSON.stringify(fingerprint(part))) {
        return { present: true, origin: "found" };
    }
    return { present: true, origin: marker.origin, when: marker.when, sources: marker.sources };
}

export function mark(part, origin, sources) {
    const marker = { origin, version: part.version, when: new Date().toISOString(), sources };
    const path = join(part.dir, MARKER);
    const temporary = `${path}.${process.pid}`;
    writeFileSync(
        temporary,
        JSON.stringify({ ...marker, files: fingerprint(part) }, null, 4) + "\n",
    );
    renameSync(temporary, path);
}

export const unmark = (part) => rmSync(join(part.dir, MARKER), { force: true });

/**
 * A Pulumi CLI of the wanted version on the PATH, with its language host beside it. The npm package's own wrapper is
 * passed over: asked for its version it would start a download.
 */
export function cliOnPath(env = process.env) {
    for (const dir of (env.PATH ?? "").split(delimiter)) {
        const path = join(dir, "pulumi");
        if (!dir || dir.includes(`node_modules${sep}.bin`) || !isExecutable(path)) continue;
        const real = realpathSync(path);
        if (real.endsWith(".js") || !existsSync(join(real, "..", "pulumi-language-nodejs")))
            continue;
        const { stdout } = spawnSync(real, ["version"], { encoding: "utf8", timeout: 10_000 });
        if (stdout?.trim() === `v${versions.pulumi}`) return real;
    }
    return undefined;
}
