import { readFileSync } from "node:fs";

import { Client, type ClientChannel, type ConnectConfig } from "ssh2";

import { wordsOf } from "../core/problem";
import { toShell, type Words } from "../core/shell";
import { pinnedKeys, type Connection, type Hop } from "../core/topology/connection";
import { dialJumpHost } from "./jumpHost";
import { RemoteError } from "./remoteError";

const DIAL_MILLISECONDS = 15_000;
/** Added to a command's own limit before the connection itself is given up. */
const GRACE_SECONDS = 10;
/** Milliseconds, 24 days: Node.js fires a longer timer at once. The limit for reading an image grows with its size. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface CommandResult {
    code: number;
    stdout: Buffer;
    stderr: string;
}

function configOf(hop: Hop): ConnectConfig {
    const pinned = pinnedKeys(hop);
    return {
        host: hop.address,
        port: hop.port,
        username: hop.user,
        readyTimeout: DIAL_MILLISECONDS,
        keepaliveInterval: 10_000,
        // Only a pinned key's type is asked for: a host with several keys would show another one.
        algorithms: { serverHostKey: [...new Set(pinned.map(({ type }) => type))] as never },
        hostVerifier: (key: Buffer) => pinned.some(({ bytes }) => key.equals(bytes)),
        ...(hop.identityFile === undefined
            ? process.env.SSH_AUTH_SOCK === undefined
                ? {}
                : { agent: process.env.SSH_AUTH_SOCK }
            : { privateKey: readFileSync(hop.identityFile) }),
    };
}

function dial(hop: Hop, config: ConnectConfig): Promise<Client> {
    return new Promise((resolve, reject) => {
        const client = new Client();
        client.once("ready", () => {
            resolve(client);
        });
        client.on("error", (error) => {
            reject(new RemoteError(hop.address, `ssh: ${explain(error)}`, { cause: error }));
        });
        client.connect(config);
        // Otherwise each of SSH's small packets waits for the answer to the one before, up to 40 ms a time.
        client.setNoDelay(true);
    });
}

function explain(error: Error): string {
    const { message } = error;
    // The second is a host without any key of the pinned key's type.
    if (/host denied|verification failed|no matching host key/i.test(message))
        return "the host shows another key than the pinned hostKey: find out why before you pin the new one";
    if (/authentication methods failed/i.test(message))
        return "the host refuses this user and key: check user, identityFile or the SSH agent";
    return message;
}

/** One SSH connection to one host, opened at the first command and used for all of them. */
export class SshHost {
    private client: Promise<Client> | undefined;
    private readonly hops = new Set<Client>();
    private current: readonly Client[] = [];

    /** @param name how errors call the host */
    constructor(
        readonly name: string,
        private readonly connection: Connection,
    ) {}

    private async connect(): Promise<Client> {
        const made: Client[] = [];
        const keep = (client: Client): Client => {
            made.push(client);
            return this.keep(client, made);
        };
        try {
            const { proxy } = this.connection;
            if (proxy === undefined)
                return keep(await dial(this.connection, configOf(this.connection)));
            const jump = keep(await dialJumpHost(proxy, () => dial(proxy, configOf(proxy))));
            const { address, port } = this.connection;
            const sock = await new Promise<ClientChannel>((resolve, reject) => {
                // The jump host's own connect takes minutes where a dead host does not even refuse.
                const timer = setTimeout(() => {
                    reject(new Error(`no answer behind ${proxy.address}`));
                }, DIAL_MILLISECONDS);
                jump.forwardOut("127.0.0.1", 0, address, port, (error, channel) => {
                    clearTimeout(timer);
                    if (error) reject(error);
                    else resolve(channel);
                });
            });
            return keep(await dial(this.connection, { ...configOf(this.connection), sock }));
        } catch (error) {
            // A long wait tries again and again, and a jump host has its MaxSessions.
            for (const client of made) client.end();
            if (error instanceof RemoteError)
                throw new RemoteError(this.name, error.message, { cause: error });
            throw new RemoteError(this.name, `ssh: ${wordsOf(error)}`, { cause: error });
        }
    }

    /** @param way the connections of one way to the host, the last one being the host's */
    private keep(client: Client, way: readonly Client[]): Client {
        this.current = way;
        this.hops.add(client);
        // A host that went away and came back is connected to anew: the command after it was never sent.
        client.once("close", () => {
            this.hops.delete(client);
            if (this.current === way) this.client = undefined;
        });
        return client;
    }

    /**
     * Runs a command and waits for its end.
     * @param seconds limit on the host itself (coreutils `timeout`), so that nothing runs on there
     */
    async run(command: Words, seconds: number, stdin?: Buffer): Promise<CommandResult> {
        const client = await (this.client ??= this.connect().catch((error: unknown) => {
            // A host that cannot be reached now may be in a moment: a lock's renewal and a long wait try again.
            this.client = undefined;
            throw error;
        }));
        const bounded = toShell(["timeout", "-k", "5", String(seconds), ...command]);
        const late = new AbortController();
        const timer = setTimeout(
            () => {
                late.abort();
            },
            Math.min((seconds + GRACE_SECONDS) * 1000, LONGEST_TIMER),
        );
        try {
            return await execute(client, bounded, stdin, late.signal);
        } catch (error) {
            if (late.signal.aborted)
                throw new RemoteError(
                    this.name,
                    `no answer within ${String(seconds)} s: ${toShell(command)}`,
                    { isLate: true },
                );
            // The next command connects anew.
            this.client = undefined;
            throw new RemoteError(this.name, `${wordsOf(error)}: ${toShell(command)}`, {
                cause: error,
            });
        } finally {
            clearTimeout(timer);
        }
    }

    close(): void {
        for (const client of [...this.hops].reverse()) client.end();
        this.client = undefined;
    }
}

/** Runs one line on an open connection; fails when the connection ends first or `late` is aborted. */
const execute = (
    client: Client,
    line: string,
    stdin: Buffer | undefined,
    late: AbortSignal,
): Promise<CommandResult> =>
    new Promise((resolve, reject) => {
        late.addEventListener("abort", () => {
            reject(new Error("no answer"));
        });
        client.exec(line, (error, channel) => {
            if (error) {
                reject(new Error(`ssh: ${error.message}`, { cause: error }));
                return;
            }
            const out: Buffer[] = [];
            const err: Buffer[] = [];
            channel.on("data", (chunk: Buffer) => out.push(chunk));
            channel.stderr.on("data", (chunk: Buffer) => err.push(chunk));
            channel.on("close", (code: number | null | undefined) => {
                if (typeof code !== "number") reject(new Error("the connection was lost"));
                else
                    resolve({
                        code,
                        stdout: Buffer.concat(out),
                        stderr: Buffer.concat(err).toString("utf8").trim(),
                    });
            });
            channel.end(stdin);
        });
    });
