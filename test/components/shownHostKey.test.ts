import assert from "node:assert/strict";

import { shownHostKey } from "../../components/shownHostKey";
import { HOST_KEY } from "../support/topology";
import { SshServer } from "../support/sshServer";

describe("the host key that a host shows during a rotation", () => {
    let server: SshServer;
    const hop = (hostKey: string, nextHostKey: string) => ({
        address: "127.0.0.1",
        port: server.port,
        user: "ops",
        hostKey,
        nextHostKey,
    });

    for (const type of ["ed25519", "ecdsa"] as const)
        describe(`of type ${type}`, () => {
            before(async () => {
                server = await SshServer.start(() => ({ code: 0 }), type);
            });
            after(() => server.stop());

            it("is the old one or the new one, and nobody logs in for it", async () => {
                assert.equal(await shownHostKey(hop(server.hostKey, HOST_KEY)), server.hostKey);
                assert.equal(await shownHostKey(hop(HOST_KEY, server.hostKey)), server.hostKey);
                assert.deepEqual(server.commands, []);
            });
        });

    it("is the old one where the host is away or shows neither", async () => {
        server = await SshServer.start(() => ({ code: 0 }));
        const other = server.hostKey;
        const away = hop(HOST_KEY, other);
        await server.stop();
        assert.equal(await shownHostKey(away), HOST_KEY);
        server = await SshServer.start(() => ({ code: 0 }));
        assert.equal(await shownHostKey(hop(HOST_KEY, other)), HOST_KEY);
        await server.stop();
    });
});
