import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";

import { Server, utils, type AuthContext, type ServerChannel, type Session } from "ssh2";

import type { Connection } from "../../core/topology/connection";

/** What a command does on the server: its exit code and what it prints. */
export interface Outcome {
    code: number;
    stdout?: Buffer | string;
    stderr?: string;
}

/** Answers a command; undefined leaves it running for ever. */
export type Answer = (
    command: string,
    stdin: Buffer,
    channel: ServerChannel,
) => Outcome | undefined;

/** An SSH server of this process, on loopback, with keys of its own. */
export class SshServer {
    readonly commands: string[] = [];
    /** Connections made so far. */
    connections = 0;
    /** Ways on to other hosts that were asked for so far. */
    forwards = 0;
    /** Whether it says nothing to them, like a jump host whose connect is not answered. */
    isMute = false;
    private readonly server: Server;

    private constructor(
        private readonly keys: { host: KeyPair; client: KeyPair },
        private readonly answer: Answer,
        private readonly ends: (() => void)[] = [],
    ) {
        this.server = new Server({ hostKeys: [keys.host.private] }, (client) => {
            this.connections++;
            // It is there; @types/ssh2 does not know it. Without it each command takes a quarter of a second.
            (client as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
            this.ends.push(() => client.end());
            client.on("authentication", (context) => {
                this.authenticate(context);
            });
            client.on("session", (accept) => {
                this.serve(accept());
            });
            client.on("tcpip", (accept, _reject, { destIP, destPort }) => {
                this.forwards++;
                if (this.isMute) return;
                const channel = accept();
                const socket = connect(destPort, destIP);
                socket.pipe(channel).pipe(socket);
                socket.on("error", () => {
                    channel.close();
                });
            });
            client.on("error", () => undefined);
        });
    }

    static async start(answer: Answer, type: "ed25519" | "ecdsa" = "ed25519"): Promise<SshServer> {
        const server = new SshServer({ host: keyPair(type), client: keyPair("ed25519") }, answer);
        server.server.listen(0, "127.0.0.1");
        await once(server.server, "listening");
        return server;
    }

    get port(): number {
        return (this.server.address() as AddressInfo).port;
    }

    get hostKey(): string {
        return this.keys.host.public.split(" ").slice(0, 2).join(" ");
    }

    /** The one private key that may log in as `ops`. */
    get clientKey(): string {
        return this.keys.client.private;
    }

    connection(identityFile: string): Connection {
        return {
            address: "127.0.0.1",
            port: this.port,
            user: "ops",
            hostKey: this.hostKey,
            identityFile,
        };
    }

    /** Cuts every connection, as a host that loses power. */
    cut(): void {
        for (const end of this.ends.splice(0)) end();
    }

    async stop(): Promise<void> {
        this.cut();
        await new Promise((resolve) => this.server.close(resolve));
    }

    private authenticate(context: AuthContext): void {
        const known = utils.parseKey(this.keys.client.public);
        if (known instanceof Error) throw known;
        if (
            context.method !== "publickey" ||
            context.username !== "ops" ||
            !context.key.data.equals(known.getPublicSSH())
        )
            context.reject(["publickey"]);
        else context.accept();
    }

    private serve(session: Session): void {
        session.on("exec", (accept, _reject, { command }) => {
            this.commands.push(command);
            const channel = accept();
            const stdin: Buffer[] = [];
            channel.on("data", (chunk: Buffer) => stdin.push(chunk));
            channel.on("end", () => {
                const outcome = this.answer(command, Buffer.concat(stdin), channel);
                if (outcome === undefined) return;
                channel.stderr.write(outcome.stderr ?? "");
                channel.write(outcome.stdout ?? "");
                channel.exit(outcome.code);
                channel.end();
            });
        });
    }
}

interface KeyPair {
    private: string;
    public: string;
}

/** ssh2 makes three ed25519 keys in a thousand that it cannot read back itself. */
export function keyPair(type: "ed25519" | "ecdsa"): KeyPair {
    for (;;) {
        const pair =
            type === "ed25519"
                ? utils.generateKeyPairSync(type)
                : utils.generateKeyPairSync(type, { bits: 256 });
        if (!(utils.parseKey(pair.private) instanceof Error)) return pair;
    }
}
