import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";

import type { Connection } from "../../core/topology/connection";
import { SshHost } from "../../operations/ssh";
import { RemoteError } from "../../operations/remoteError";
import { HOST_KEY } from "../support/topology";
import { keyPair, SshServer, type Answer } from "../support/sshServer";

const echo: Answer = (command, stdin) => ({
    code: command.includes("fail") ? 7 : 0,
    stdout: stdin,
    stderr: " why\n",
});

describe("a host over SSH", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-ssh-"));
    const identity = join(folder, "key");
    const stranger = join(folder, "stranger");
    const open: SshHost[] = [];
    const servers: SshServer[] = [];
    let server: SshServer;

    /** One more server, stopped after the test, and a key file for it. */
    const another = async (answer: Answer, type?: "ecdsa"): Promise<[SshServer, string]> => {
        const made = await SshServer.start(answer, type);
        servers.push(made);
        const key = join(folder, String(made.port));
        writeFileSync(key, made.clientKey);
        return [made, key];
    };

    const hostAt = (change: Partial<Connection> = {}): SshHost => {
        const host = new SshHost("site paris", { ...server.connection(identity), ...change });
        open.push(host);
        return host;
    };
    const faultOf = async (change: Partial<Connection>, seconds = 5): Promise<string> => {
        const error: unknown = await hostAt(change)
            .run(["true"], seconds)
            .then(
                () => "no fault",
                (e: unknown) => e,
            );
        assert.ok(error instanceof RemoteError, String(error));
        assert.equal(error.host, "site paris");
        return error.message;
    };

    before(async () => {
        server = await SshServer.start(echo);
        writeFileSync(identity, server.clientKey);
        writeFileSync(stranger, keyPair("ed25519").private);
    });
    afterEach(async () => {
        mock.timers.reset();
        for (const host of open.splice(0)) host.close();
        for (const made of servers.splice(0)) await made.stop();
    });
    after(async () => {
        await server.stop();
        rmSync(folder, { recursive: true });
    });

    it("runs bounded commands on one connection, with bytes in and out and the exit code", async () => {
        const host = hostAt();
        const before = server.connections;
        const bytes = Buffer.from([0, 255, 10, 13, 128]);
        assert.deepEqual(await host.run(["cat", "a b"], 9, bytes), {
            code: 0,
            stdout: bytes,
            stderr: "why",
        });
        assert.deepEqual(await host.run(["fail"], 9), {
            code: 7,
            stdout: Buffer.alloc(0),
            stderr: "why",
        });
        assert.deepEqual(server.commands.slice(-2), [
            "timeout -k 5 9 cat 'a b'",
            "timeout -k 5 9 fail",
        ]);
        assert.equal(server.connections - before, 1);
    });

    it("gives a command the weeks that it may take, and no timer that fires at once", async () => {
        const [slow, key] = await another((_command, _stdin, channel) => {
            setTimeout(() => {
                channel.exit(0);
                channel.end();
            }, 50);
            return undefined;
        });
        assert.equal((await hostAt(slow.connection(key)).run(["x"], 2_200_000)).code, 0);
    });

    it("goes through a jump host", async () => {
        const [jump, key] = await another(echo);
        const host = hostAt({ proxy: jump.connection(key) });
        assert.equal((await host.run(["true"], 5)).code, 0);
        assert.equal(jump.connections, 1);
    });

    it("dials a jump host again whose sshd has dropped the connection", async () => {
        const [jump, key] = await another(echo);
        let dials = 0;
        // Above its MaxStartups sshd says one line that is no SSH, and hangs up.
        const busy = createServer((socket) => {
            if (dials++ === 0) socket.end("Exceeded MaxStartups\r\n");
            else socket.pipe(connect(jump.port, "127.0.0.1")).pipe(socket);
        }).listen(0, "127.0.0.1");
        await new Promise((resolve) => busy.once("listening", resolve));
        const { port } = busy.address() as AddressInfo;
        const host = hostAt({ proxy: { ...jump.connection(key), port } });
        try {
            assert.equal((await host.run(["true"], 5)).code, 0);
            assert.equal(dials, 2);
        } finally {
            busy.close();
        }
    });

    it("takes the old and the new host key during a rotation, and no third", async () => {
        for (const keys of [
            { hostKey: HOST_KEY, nextHostKey: server.hostKey },
            { hostKey: server.hostKey, nextHostKey: HOST_KEY },
        ])
            assert.equal((await hostAt(keys).run(["true"], 5)).code, 0);
        assert.match(
            await faultOf({ hostKey: HOST_KEY, nextHostKey: HOST_KEY }),
            /shows another key than the pinned hostKey/,
        );
    });

    const OTHER_KEY =
        "the host shows another key than the pinned hostKey: find out why before you pin the new one";
    it("fails for another host key", async () => {
        assert.equal(
            await faultOf({ hostKey: HOST_KEY }),
            `site paris: 127.0.0.1: ssh: ${OTHER_KEY}`,
        );
    });

    it("fails for a host without a key of the pinned type", async () => {
        const [ecdsa] = await another(echo, "ecdsa");
        assert.equal(
            await faultOf({ port: ecdsa.port }),
            `site paris: 127.0.0.1: ssh: ${OTHER_KEY}`,
        );
    });

    const REFUSED =
        "site paris: 127.0.0.1: ssh: the host refuses this user and key: check user, identityFile or the SSH agent";
    it("fails for another user or key", async () => {
        assert.equal(await faultOf({ user: "root" }), REFUSED);
        assert.equal(await faultOf({ identityFile: stranger }), REFUSED);
    });

    it("fails for a key file that is not there", async () => {
        assert.match(
            await faultOf({ identityFile: "/nowhere/key" }),
            /^site paris: ssh: ENOENT: .*'\/nowhere\/key'$/,
        );
    });

    it("connects for the next command where it could not for the one before", async () => {
        const late = join(folder, "late");
        const host = hostAt({ identityFile: late });
        await assert.rejects(host.run(["x"], 5), /ENOENT/);
        writeFileSync(late, server.clientKey);
        assert.equal((await host.run(["y"], 5)).code, 0);
    });

    it("fails in bounded time when nobody speaks behind the jump host", async () => {
        const [jump, key] = await another(echo);
        jump.isMute = true;
        mock.timers.enable({ apis: ["setTimeout"] });
        const fault = faultOf({ proxy: jump.connection(key) });
        while (jump.forwards === 0) await new Promise((resolve) => setImmediate(resolve));
        mock.timers.tick(15_000);
        assert.match(await fault, /^site paris: ssh: no answer behind 127\.0\.0\.1$/);
    });

    it("fails for a port that nobody listens on", async () => {
        const gone = createServer().listen(0, "127.0.0.1");
        await new Promise((resolve) => gone.once("listening", resolve));
        const { port } = gone.address() as AddressInfo;
        await new Promise((resolve) => gone.close(resolve));
        assert.equal(
            await faultOf({ port }),
            `site paris: 127.0.0.1: ssh: connect ECONNREFUSED 127.0.0.1:${port}`,
        );
    });

    it("fails in bounded time when nobody speaks", async () => {
        const mute = createServer(() => {
            mock.timers.tick(15_000);
        }).listen(0, "127.0.0.1");
        await new Promise((resolve) => mute.once("listening", resolve));
        mock.timers.enable({ apis: ["setTimeout"] });
        const message = await faultOf({ port: (mute.address() as AddressInfo).port });
        mute.close();
        assert.equal(message, "site paris: 127.0.0.1: ssh: Timed out while waiting for handshake");
    });

    it("fails in bounded time when a command never ends", async () => {
        const [deaf, key] = await another((command) => {
            if (!command.includes("hang")) return { code: 0 };
            setImmediate(() => {
                mock.timers.tick(15_000);
            });
            return undefined;
        });
        const host = hostAt(deaf.connection(key));
        await host.run(["true"], 5);
        mock.timers.enable({ apis: ["setTimeout"] });
        await assert.rejects(
            host.run(["hang"], 5),
            /^RemoteError: site paris: no answer within 5 s: hang$/,
        );
    });

    it("fails when the connection is lost in the middle, and connects again for the next command", async () => {
        let lose = true;
        const [weak, key] = await another(() => {
            if (!lose) return { code: 0 };
            lose = false;
            weak.cut();
            return undefined;
        });
        const host = hostAt(weak.connection(key));
        await assert.rejects(
            host.run(["x"], 5),
            /^RemoteError: site paris: the connection was lost: x$/,
        );
        assert.equal((await host.run(["y"], 5)).code, 0);
        assert.equal(weak.connections, 2);
    });
});
