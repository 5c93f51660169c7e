import { strict as assert } from "node:assert";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
    cpSync,
    existsSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    truncateSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { configFile, labEnvironment, run, type Mutable, type Run } from "../lab/support";

const PROJECT = join(__dirname, "../..");
const PULUMI = join(PROJECT, "node_modules/.bin/pulumi");

/** A stack of the project with a state of its own, so that the lab's is not touched. */
export class Engine {
    private readonly folder = mkdtempSync(join(tmpdir(), "cinder-dr-faults-"));
    readonly env: NodeJS.ProcessEnv;
    /** Config of the stack beside its topology. */
    readonly config: Record<string, string> = {};
    private readonly salt: string;
    private files = 0;

    constructor(
        readonly stack: string,
        private readonly program = PROJECT,
    ) {
        this.env = {
            ...labEnvironment(),
            PULUMI_BACKEND_URL: `file://${this.folder}`,
            PULUMI_CONFIG_PASSPHRASE: "faults",
        };
        Reflect.deleteProperty(this.env, "PULUMI_CONFIG_PASSPHRASE_FILE");
        // Pulumi writes the salt of the state's secrets into the stack's own file.
        const own = join(program, `Pulumi.${stack}.yaml`);
        rmSync(own, { force: true });
        const words = ["-C", program, "stack", "init", stack, "--no-select", "--non-interactive"];
        execFileSync(PULUMI, words, { env: this.env, stdio: "pipe" });
        this.salt = (parse(readFileSync(own, "utf8")) as { encryptionsalt: string }).encryptionsalt;
        rmSync(own);
    }

    private words(verb: string[], topology: Mutable): string[] {
        const file = join(this.folder, `Pulumi.${String(++this.files)}.yaml`);
        const config = { ...this.config, "cinder-dr:topology": topology };
        writeFileSync(file, stringify({ encryptionsalt: this.salt, config }));
        const where = ["--stack", this.stack, "--config-file", file];
        return ["-C", this.program, ...verb, ...where, "--non-interactive", "--color", "never"];
    }

    up = (topology: Mutable, ...flags: string[]): Promise<Run> =>
        run(PULUMI, this.words(["up", "--yes", "--skip-preview", ...flags], topology), this.env);

    preview = (topology: Mutable, ...flags: string[]): Promise<Run> =>
        run(PULUMI, this.words(["preview", "--diff", ...flags], topology), this.env);

    destroy = (topology: Mutable, ...flags: string[]): Promise<Run> =>
        run(
            PULUMI,
            this.words(["destroy", "--yes", "--skip-preview", ...flags], topology),
            this.env,
        );

    cancel = (): Promise<Run> =>
        run(PULUMI, ["-C", this.program, "cancel", "--yes", "--stack", this.stack], this.env);

    /** Keeps the state as it is now; the answer puts it back, as somebody does with an old backup. */
    checkpoint(): () => void {
        const [state, kept] = [join(this.folder, ".pulumi"), join(this.folder, "kept")];
        cpSync(state, kept, { recursive: true });
        return () => {
            rmSync(state, { recursive: true });
            renameSync(kept, state);
        };
    }

    /** Leaves the side file of the state as a kill between its making and its writing does. */
    emptySideFile(): void {
        const folder = join(this.folder, ".pulumi/stacks");
        const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
        const name = names.find((each) => each.endsWith(`${this.stack}.json.attrs`));
        assert.ok(name);
        truncateSync(join(folder, name));
    }

    /** Takes the side files away that a kill left empty, by the words of docs/hosts.md; answers their names. */
    dropEmptySideFiles(): string {
        const words = ["-name", "*.attrs", "-size", "0", "-print", "-delete"];
        const options = { encoding: "utf8" } as const;
        return execFileSync("find", [join(this.folder, ".pulumi"), ...words], options).trim();
    }

    /** Whether a run that is under way, or was killed, holds the stack. */
    locked(): boolean {
        const folder = join(this.folder, ".pulumi/locks");
        return (
            existsSync(folder) &&
            readdirSync(folder, { recursive: true, encoding: "utf8" }).some((name) =>
                name.endsWith(".json"),
            )
        );
    }

    /** Starts `pulumi up` as the leader of a process group of its own. */
    start = (topology: Mutable): ChildProcess =>
        spawn(PULUMI, this.words(["up", "--yes", "--skip-preview"], topology), {
            env: this.env,
            stdio: "ignore",
            detached: true,
        });

    close(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** The sentence of a failed push, or the first error. */
export const sentence = (output: string): string =>
    /cinder-dr: [^\n]+/.exec(output)?.[0] ?? /error: [^\n]+/.exec(output)?.[0] ?? "nothing";

/** What `cinder-dr rollout` says: exit code, and the standing of each host. */
export async function standings(
    topology: Mutable,
): Promise<{ code: number; hosts: Record<string, string> }> {
    const words = ["cli/bin.js", "rollout", "--topology", configFile(topology), "--json"];
    const { code, stdout, output } = await run("node", words);
    const answer = JSON.parse(stdout || "{}") as { hosts?: { host: string; standing: string }[] };
    if (answer.hosts === undefined) throw new Error(output);
    return {
        code,
        hosts: Object.fromEntries(answer.hosts.map(({ host, standing }) => [host, standing])),
    };
}
