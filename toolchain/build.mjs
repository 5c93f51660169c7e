import { createHash } from "node:crypto";
import {
    chmodSync,
    copyFileSync,
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
} from "node:fs";
import { join, relative } from "node:path";
import { run } from "./progress.mjs";
import { versions } from "./versions.mjs";

const GO_FOLDER = join(import.meta.dirname, "go");
const FLAGS = ["-buildvcs=false", "-trimpath", "-tags", "osusergo,grpcnotrace"];
// The CLI and the language host report this as their version, and the Automation API parses what the CLI reports.
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

const packages = {
    pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    "pulumi-language-nodejs": "./cmd/pulumi-language-nodejs",
    "pulumi-resource-command": "./cmd/pulumi-resource-command",
    "pulumi-resource-openstack": ".",
};

/** One hash of all that decides a module's binaries, apart from the Go that builds them. */
export function hashSources(module, folder = GO_FOLDER) {
    const root = join(folder, module);
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((f) => f.isFile() && !f.name.endsWith("_test.go"))
        .map((f) => join(f.parentPath, f.name))
        .sort();
    const hash = createHash("sha256").update(JSON.stringify([FLAGS, versions.pulumi]));
    for (const file of files) hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
    return hash.digest("hex").slice(0, 16);
}

/** Removes the half-made files, named NAME.PID, of runs that were killed. */
export function removeLeftovers(dir) {
    for (const file of readdirSync(dir)) {
        const pid = /\.(\d+)$/.exec(file)?.[1];
        if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(dir, file));
    }
}

/** Builds a part's files into the cache, unless they are there, and puts them where the engine looks. */
export async function buildPart(part, { cache, go, sources, progress }) {
    const key = createHash("sha256")
        .update(`${sources} ${go.version} ${go.platform}`)
        .digest("hex")
        .slice(0, 16);
    const bin = join(cache, key, "bin");
    mkdirSync(bin, { recursive: true });
    mkdirSync(part.dir, { recursive: true });
    [bin, part.dir].forEach(removeLeftovers);
    for (const file of part.files) {
        const built = join(bin, file);
        if (existsSync(built)) progress.line(`${file} is in the cache`);
        else await goBuild(file, join(GO_FOLDER, part.module), built, go, progress);
        // A copy beside the target, then a rename: a running pulumi keeps its file, and no half file is ever seen.
        const temporary = join(part.dir, `.${file}.${process.pid}`);
        copyFileSync(built, temporary);
        chmodSync(temporary, 0o755);
        renameSync(temporary, join(part.dir, file));
    }
}

async function goBuild(file, cwd, built, go, progress) {
    const options = { cwd, env: go.env, progress };
    const began = progress.seconds();
    let modules = 0;
    const listed = await run(
        go.command,
        ["list", "-deps", "-f", "{{.ImportPath}}", ...FLAGS.slice(2), packages[file]],
        {
            ...options,
            onLine: (line) => line.startsWith("go: downloading") && modules++,
            status: () => `${file}: downloading Go modules (${modules} so far)`,
        },
    );
    const total = listed.split("\n").filter((line) => line && !line.startsWith("go: ")).length;
    progress.line(
        `building ${file} (${total} packages${modules ? `, ${modules} modules downloaded` : ""})`,
    );
    let compiled = 0;
    const temporary = `${built}.${process.pid}`;
    const link = `-s -w -X ${VERSION_VARIABLE}=v${versions.pulumi}`;
    await run(
        go.command,
        ["build", "-v", ...FLAGS, "-ldflags", link, "-o", temporary, packages[file]],
        {
            ...options,
            onLine: (line) => !line.startsWith("go: ") && compiled++,
            status: () => `building ${file} (package ${compiled} of at most ${total})`,
        },
    );
    renameSync(temporary, built);
    progress.line(
        `${file} built in ${(progress.seconds() - began).toFixed(1)} s (${compiled} packages compiled)`,
    );
}
