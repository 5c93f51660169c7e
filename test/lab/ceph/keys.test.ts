import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";

import { Cinder, type Attachment } from "../../../operations/cinder";
import { findCloud } from "../../../operations/cloud";
import { waitFor } from "../../../operations/wait";
import { adminHosts, driftOf } from "../adminHost";
import { blockStorage } from "../blockStorage";
import {
    configFile,
    expectCode,
    labEnvironment,
    LabHost,
    labTopology,
    run,
    up,
    type Mutable,
} from "../support";

/** Stands for a server that runs on: each second it comes anew with the old key, and writes. */
const CLIENT = `
cp /etc/ceph/ceph.client.cinder.keyring /root/old.keyring
rm -f /root/old.stop
cat >/root/old.sh <<'LOOP'
while [ ! -e /root/old.stop ]; do
    timeout 30 rbd --id cinder --keyring /root/old.keyring bench --io-type write --io-size 4K --io-threads 1 \\
        --io-total 4K volumes/server >/root/old.err 2>&1 && echo wrote || cat /root/old.err
    sleep 1
done
echo ended
LOOP
setsid sh /root/old.sh >/root/old.log 2>&1 </dev/null &
`;
const KEYRINGS = "cd /etc/ceph && stat -c '%n %a %U %G' *.keyring";

/** A key is changed by a second user: the first one stays as it is until nobody presents himself as it. */
describe("a key rotation of the stack lab", () => {
    const topology = labTopology();
    const rotated = labTopology();
    const { ceph } = rotated.backends;
    ceph.user = "cinder-2";
    ceph.secretUuid = randomUUID();
    ceph.replicationDevice.user = "cinder-2";
    ceph.replicationDevice.secretUuid = randomUUID();

    const sites = adminHosts();
    const hosts = [new LabHost("cinder-a"), new LabHost("cinder-b")] as const;
    const cinder = new Cinder(findCloud(labEnvironment()));
    const storage = blockStorage();
    let volume = "";
    let attached: Attachment | undefined;

    const onBoth = (text: string) => Promise.all(Object.values(sites).map((site) => site.sh(text)));
    const retire = (given: Mutable, ...flags: string[]) =>
        run("node", [
            ...["cli/bin.js", "retire-user", "cinder"],
            ...["--topology", configFile(given), ...flags],
        ]);
    const attach = async (): Promise<string | undefined> => {
        const connector = { host: "compute", ip: "127.0.0.1", initiator: "", multipath: false };
        ({ attachment: attached } = await storage.call<{ attachment: Attachment }>(
            "POST",
            "/attachments",
            { attachment: { volume_uuid: volume, connector } },
        ));
        return attached.connection_info?.auth_username;
    };
    const detach = async () => {
        if (attached !== undefined) await storage.call("DELETE", `/attachments/${attached.id}`);
        attached = undefined;
    };
    const becomes = (status: string | undefined) =>
        waitFor(async () => ((await cinder.volume(volume))?.status === status ? true : undefined), {
            what: `the volume to be ${status ?? "gone"}`,
            seconds: 60,
            signal: AbortSignal.timeout(90_000),
        });

    before(async () => {
        expectCode(await up(topology), 0);
        ({ id: volume } = await cinder.createVolume({
            name: "rotating",
            description: "",
            size: 1,
            volume_type: "replicated",
            metadata: {},
        }));
        await becomes("available");
        await sites.primary.sh("rbd create --size 16M --image-feature layering volumes/server");
    });
    after(async () => {
        await detach();
        await cinder.deleteVolume(volume);
        await becomes(undefined);
        for (const one of [...hosts, ...Object.values(sites)]) one.close();
        await Promise.all([cinder.close(), storage.close()]);
    });

    it("removes no user that the topology names", async () => {
        const { output } = expectCode(await retire(topology, "--yes"), 2);
        assert.match(
            output,
            /USER must be one that the topology needs no more, got 'cinder': it is backends\.ceph\.user/,
        );
    });

    it("switches every host to a second user, and nobody with the old key is cut off", async () => {
        assert.equal(await attach(), "cinder");
        const key = "ceph auth get-key client.cinder | sha256sum";
        const keys = await onBoth(key);
        await hosts[0].sh(CLIENT);
        expectCode(await up(rotated), 0);
        await hosts[0].sh("touch /root/old.stop");
        const log = await waitFor(
            async () => {
                const lines = (await hosts[0].sh("cat /root/old.log")).split("\n");
                return lines.at(-1) === "ended" ? lines.slice(0, -1) : undefined;
            },
            { what: "the client's end", seconds: 60, signal: AbortSignal.timeout(90_000) },
        );
        assert.deepEqual([...new Set(log)], ["wrote"]);
        assert.ok(log.length > 2, `it came ${String(log.length)} times only`);
        await sites.primary.sh("rbd rm --no-progress volumes/server");

        assert.deepEqual(await onBoth(key), keys);
        for (const host of hosts) {
            assert.deepEqual((await host.sh(KEYRINGS)).split("\n"), [
                "ceph.client.cinder-2.keyring 640 root cinder",
                "secondary.client.cinder-2.keyring 640 root cinder",
            ]);
            const conf = await host.config();
            assert.match(conf, /^rbd_user *= *cinder-2$/m);
            assert.match(conf, /^replication_device *= *.*\buser:cinder-2\b/m);
        }
        assert.deepEqual(await driftOf(rotated, 0), []);
    });

    it("keeps the first user while an attachment names it", async () => {
        const { output } = expectCode(await retire(rotated, "--yes"), 3);
        assert.match(
            output,
            new RegExp(`PROBLEM client\\.cinder: 1 attachment\\(s\\) name it: volume ${volume} on`),
        );
        for (const users of await onBoth("ceph auth ls 2>/dev/null"))
            assert.match(users, /^client\.cinder$/m);
    });

    it("removes it on both sites, with its marks, when none does any more", async () => {
        await detach();
        await becomes("available");
        assert.equal(await attach(), "cinder-2");
        const { output } = expectCode(await retire(rotated, "--yes"), 0);
        assert.match(output, /client\.cinder on primary: removed/);
        assert.match(output, /client\.cinder on secondary: removed/);
        for (const seen of await onBoth("ceph auth ls 2>/dev/null; ceph config-key ls")) {
            assert.doesNotMatch(seen, /^client\.cinder$|user\/cinder"/m);
            assert.match(seen, /^client\.cinder-2$/m);
        }
        assert.deepEqual(await driftOf(rotated, 0), []);
    });
});
