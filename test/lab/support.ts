import { strict as assert } from "node:assert";
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { parseTopology, type Topology, type TopologyInput } from "../../core/topology";
import { SshHost } from "../../operations/ssh";
import { waitFor } from "../../operations/wait";

export const LAB = "/var/lib/cinder-dr-lab";
export const STACK = "lab";
const PROJECT = join(__dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "cinder-dr-test-"));

/** `export NAME=value` lines of the lab's env.sh, as a shell would read them. */
export const labEnvironment = (): NodeJS.ProcessEnv => {
    const lines = readFileSync(join(LAB, "env.sh"), "utf8").split("\n");
    const pairs = lines.flatMap((line) => {
        const [, name, value] = /^export ([A-Z_]+)='?([^']*)'?$/.exec(line) ?? [];
        return name === undefined || value === undefined ? [] : [[name, value] as const];
    });
    return {
        ...process.env,
        ...Object.fromEntries(pairs),
        NO_COLOR: "1",
        PULUMI_SKIP_UPDATE_CHECK: "true",
    };
};

/** The password of the lab's admin. */
export function labPassword(): string {
    const { clouds } = parse(readFileSync(join(LAB, "clouds.yaml"), "utf8")) as {
        clouds: Record<string, { auth: { password: string } }>;
    };
    const { password } = clouds.lab?.auth ?? {};
    assert.ok(password);
    return password;
}

export interface Run {
    code: number;
    /** stdout and stderr together, as a user sees them */
    output: string;
    stdout: string;
}

/** Runs a program in the project's folder with the lab's environment. */
export function run(file: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
    return new Promise((resolve) => {
        const options = {
            cwd: PROJECT,
            env: { ...labEnvironment(), ...env },
            maxBuffer: 64 * 1024 * 1024,
            timeout: 600_000,
        };
        execFile(file, args, options, (error, stdout, stderr) => {
            const code = error === null ? 0 : typeof error.code === "number" ? error.code : 255;
            resolve({ code, stdout, output: stdout + stderr });
        });
    });
}

export const expectCode = (result: Run, code: number): Run => {
    assert.equal(result.code, code, result.output);
    return result;
};

/** The topology that the lab wrote for its stack, to be changed by a test. */
export const labTopology = (): Mutable => {
    const text = readFileSync(join(LAB, "topology.json"), "utf8");
    return JSON.parse(text);
};

/** A topology as a test takes it apart. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests break it at will
export type Mutable = any;

let configs = 0;

/** A stack file with this topology and the stack's own encryption salt; the user's file stays untouched. */
export function configFile(topology: Mutable): string {
    const own = join(PROJECT, `Pulumi.${STACK}.yaml`);
    const stack = (existsSync(own) ? parse(readFileSync(own, "utf8")) : {}) as Record<
        string,
        unknown
    >;
    const file = join(scratch, `Pulumi.${String(++configs)}.yaml`);
    writeFileSync(file, stringify({ ...stack, config: { "cinder-dr:topology": topology } }));
    return file;
}

const pulumiArgs = (verb: string[], topology: Mutable, stack = STACK): string[] => [
    "pulumi",
    ...verb,
    "--stack",
    stack,
    "--config-file",
    configFile(topology),
    "--non-interactive",
    "--color",
    "never",
];

export const preview = (topology: Mutable, ...flags: string[]): Promise<Run> =>
    run("npx", pulumiArgs(["preview", "--diff", ...flags], topology));
/** What a preview of this topology would do, as `update cinder-a`, in the order of these words. */
export async function plannedChanges(topology: Mutable): Promise<string[]> {
    const { stdout } = expectCode(await preview(topology, "--json"), 0);
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    return steps
        .filter(({ op }) => op !== "same")
        .map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? ""}`)
        .sort();
}
export const up = (topology: Mutable, stack = STACK, ...flags: string[]): Promise<Run> =>
    run("npx", pulumiArgs(["up", "--yes", "--skip-preview", ...flags], topology, stack));
export const destroy = (topology: Mutable): Promise<Run> =>
    run("npx", pulumiArgs(["destroy", "--yes", "--skip-preview"], topology));
export const cancel = (): Promise<Run> =>
    run("npx", ["pulumi", "cancel", "--yes", "--stack", STACK]);

/** Makes another stack with the same hosts, for what two stacks do to each other. */
export const withStack = async (stack: string, use: () => Promise<void>): Promise<void> => {
    const pulumi = (...args: string[]) =>
        run("npx", ["pulumi", "stack", ...args, "--non-interactive"]);
    expectCode(await pulumi("init", stack, "--no-select"), 0);
    try {
        await use();
    } finally {
        // The hosts belong to the stack `lab`: the other one only forgets them.
        expectCode(await pulumi("rm", stack, "--force", "--yes", "--preserve-config"), 0);
        rmSync(join(PROJECT, `Pulumi.${stack}.yaml`), { force: true });
    }
};

/** Starts `pulumi up` as the leader of a process group of its own. */
export const startUp = (topology: Mutable): ChildProcess =>
    spawn("npx", pulumiArgs(["up", "--yes", "--skip-preview"], topology), {
        cwd: PROJECT,
        env: labEnvironment(),
        stdio: "ignore",
        detached: true,
    });

/** SIGKILL for the engine, its plugins and the program, as a lost machine would do. */
export const killGroup = ({ pid }: ChildProcess): void => {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
};

/** Runs a verb of the lab and waits for it. */
export const lab = (...words: string[]): void => {
    execFileSync("node", ["lab/lab.mjs", ...words], { cwd: PROJECT, stdio: "pipe" });
};

/**
 * Does what takes parts of the lab down, and brings them up again whatever comes of it.
 * @throws what the work has thrown; a lab that does not come up after that is its consequence
 */
export async function thenLabUp<T>(work: () => Promise<T>): Promise<T> {
    let result: T;
    try {
        result = await work();
    } catch (error) {
        try {
            lab("up");
        } catch (second) {
            console.log(`        and then: ${String(second)}`);
        }
        throw error;
    }
    lab("up");
    return result;
}

export const verify = (topology: Mutable, ...flags: string[]): Promise<Run> =>
    run("node", ["cli/bin.js", "verify", "--topology", configFile(topology), ...flags]);

export const resolved = (topology: Mutable): Topology => parseTopology(topology as TopologyInput);

const PARENT = "pgrep -o -f '[c]inder-volume --config-file'";

/** One Cinder host of the lab, looked at over SSH as the topology says. */
export class LabHost {
    private readonly ssh: SshHost;
    private readonly asRoot: string[];

    constructor(readonly name: string) {
        const host = resolved(labTopology()).hosts.find((h) => h.name === name);
        if (host === undefined) throw new Error(`the lab has no host ${name}`);
        this.ssh = new SshHost(name, host.connection);
        this.asRoot = host.connection.user === "root" ? [] : ["sudo", "-n"];
    }

    async sh(script: string): Promise<string> {
        const { code, stdout, stderr } = await this.ssh.run(
            [...this.asRoot, "sh", "-c", script],
            60,
        );
        assert.equal(code, 0, `${this.name}: ${script}: ${stderr}`);
        return stdout.toString("utf8").trim();
    }

    config = (): Promise<string> => this.sh("cat /etc/cinder/cinder.conf");

    /** Names, modes, owners and sums of all that a push could have touched, but for its own state folder. */
    files = (): Promise<string> =>
        this.sh(
            "cd /etc && find cinder ceph -name .cinder-dr -prune -o -printf '%p %y %m %u:%g\\n' -type f -exec sha256sum {} \\; | sort",
        );

    hasStateFolder = async (): Promise<boolean> =>
        (await this.sh("ls -d /etc/cinder/.cinder-dr 2>/dev/null || true")) !== "";

    /** Process id of the running cinder-volume's parent process. */
    pid = (): Promise<string> => this.sh(PARENT);

    /** Restarts cinder-volume, and does not wait for it to be ready: while its Ceph is dead it never is. */
    async restartVolume(): Promise<void> {
        const before = await this.pid();
        await this.sh("systemctl restart cinder-volume </dev/null >/dev/null 2>&1 & sleep 1");
        const isNew = async () => {
            const now = await this.sh(`${PARENT} || true`);
            return (now !== "" && now !== before) || undefined;
        };
        const signal = AbortSignal.timeout(200_000);
        await waitFor(isNew, { what: "another cinder-volume", seconds: 120, signal });
    }

    close(): void {
        this.ssh.close();
    }
}
