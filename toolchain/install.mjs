import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./progress.mjs";

const STAMP = join("node_modules", ".cinder-dr-lock");

const hashLock = (project) =>
    createHash("sha256")
        .update(readFileSync(join(project, "package-lock.json")))
        .digest("hex");

export function isInstalled(project) {
    try {
        return readFileSync(join(project, STAMP), "utf8") === hashLock(project);
    } catch {
        return false;
    }
}

/** Installs the npm packages of the lockfile, unless that very lockfile was installed last. */
export async function installPackages(project, progress) {
    if (isInstalled(project)) return false;
    progress.line("installing the npm packages");
    // Scripts stay off: no package needs one, and some would download from elsewhere.
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
        cwd: project,
        progress,
        status: () => "still installing the npm packages",
    });
    writeFileSync(join(project, STAMP), hashLock(project));
    return true;
}
