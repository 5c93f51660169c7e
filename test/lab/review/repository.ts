import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { SshServer } from "../../support/sshServer";
import { labEnvironment, type Mutable, type Run } from "../support";

const PROJECT = join(__dirname, "../../..");
const SOURCES =
    "Pulumi.yaml index.ts package.json cli components core host operations policies review toolchain/register.js".split(
        " ",
    );

/** The stack's name, and that of its state's and of its secrets' folder. */
export const STACK = "golden";
/** Secrets that stand in the stack; none may show. */
export const PLANTED = [
    "planted-in-config-1",
    "planted-passphrase-2",
    "planted-in-output-3",
] as const;

/**
 * A git repository with this project and one stack, whose hosts are one SSH server that says yes to every push: a state
 * for real previews, without a restart of anything. Volume types are made in the lab's Cinder.
 */
export class Repository {
    readonly folder = mkdtempSync(join(tmpdir(), "cinder-dr-review-"));
    private readonly key = join(this.folder, ".identity");

    private constructor(private readonly ssh: SshServer) {
        for (const source of SOURCES)
            cpSync(join(PROJECT, source), join(this.folder, source), { recursive: true });
        symlinkSync(join(PROJECT, "node_modules"), join(this.folder, "node_modules"));
        mkdirSync(join(this.folder, ".state"));
        writeFileSync(this.key, ssh.clientKey, { mode: 0o600 });
        writeFileSync(join(this.folder, ".gitignore"), "node_modules\n.state\n.identity\n");
        this.git("init", "--quiet", "--initial-branch=main");
    }

    static async make(): Promise<Repository> {
        return new Repository(await SshServer.start(() => ({ code: 0, stdout: PLANTED[2] })));
    }

    /** How this repository's hosts are reached, as every one of them has it. */
    get host(): Mutable {
        const { address, port, user, hostKey, identityFile } = this.ssh.connection(this.key);
        return { address, port, user, hostKey, identityFile };
    }

    private get env(): NodeJS.ProcessEnv {
        return {
            ...labEnvironment(),
            PULUMI_BACKEND_URL: `file://${join(this.folder, ".state")}`,
            PULUMI_CONFIG_PASSPHRASE: PLANTED[1],
            PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
            SSH_AUTH_SOCK: undefined,
        };
    }

    run(file: string, ...args: string[]): Promise<Run> {
        const options = { cwd: this.folder, env: this.env, maxBuffer: 1 << 26, timeout: 300_000 };
        return new Promise((resolve) => {
            execFile(file, args, options, (error, stdout, stderr) => {
                const code = error === null ? 0 : typeof error.code === "number" ? error.code : 255;
                resolve({ code, stdout, output: stdout + stderr });
            });
        });
    }

    pulumi(...args: string[]): Promise<Run> {
        const program = join(PROJECT, "node_modules/.bin/pulumi");
        return this.run(
            program,
            ...args,
            "--stack",
            STACK,
            "--non-interactive",
            "--color",
            "never",
        );
    }

    review(...flags: string[]): Promise<Run> {
        return this.run(process.execPath, "cli/bin.js", "review", "--stack", STACK, ...flags);
    }

    git(...args: string[]): string {
        const author = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"];
        return execFileSync("git", [...author, ...args], { cwd: this.folder, encoding: "utf8" });
    }

    /** Writes the stack's file and commits it. @param stack everything in the file but the topology */
    commit(stack: Mutable, topology: Mutable, exemptions: Mutable[]): void {
        const config = {
            ...stack.config,
            "cinder-dr:topology": topology,
            "cinder-dr:exemptions": exemptions,
        };
        writeFileSync(join(this.folder, `Pulumi.${STACK}.yaml`), stringify({ ...stack, config }));
        this.git("add", "--all");
        this.git("commit", "--quiet", "--allow-empty", "--message", "a change");
    }

    /** Text with everything that another run has otherwise taken out. */
    settled(text: string): string {
        const { port, hostKey } = this.ssh;
        return (
            text
                .replaceAll(hostKey, "ssh-ed25519 HOSTKEY")
                .replaceAll(String(port), "PORT")
                .replaceAll(this.folder, "FOLDER")
                .replace(/ssh-ed25519 AAAA[\w+/=]+/g, "ssh-ed25519 HOSTKEY")
                // Those that a test chose say so; those of a lab are made with it.
                .replace(/\b(?!0{8}-)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "UUID")
        );
    }

    async close(): Promise<void> {
        await this.ssh.stop();
        rmSync(this.folder, { recursive: true });
    }
}
