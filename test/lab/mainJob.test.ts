import { strict as assert } from "node:assert";

import * as rbd from "../../core/rbd";
import { parseImageInfo, parseMirrorStatus } from "../../core/mirrorStatus";
import { CephSite } from "../../operations/cephSite";
import { Cinder } from "../../operations/cinder";
import { findCloud } from "../../operations/cloud";
import { waitFor } from "../../operations/wait";
import {
    destroy,
    expectCode,
    labEnvironment,
    labTopology,
    LabHost,
    preview,
    resolved,
    up,
    verify,
} from "./support";

const signal = (): AbortSignal => AbortSignal.timeout(180_000);

/** One whole round of the stack `lab` on real Cinder hosts and Ceph clusters, in the order an operator takes. */
describe("the stack lab", () => {
    const topology = labTopology();
    const sites = resolved(topology).sites;
    const primary = new CephSite("primary", sites.primary);
    const secondary = new CephSite("secondary", sites.secondary);
    const hosts = [new LabHost("cinder-a"), new LabHost("cinder-b")];
    const each = <T>(ask: (host: LabHost) => Promise<T>): Promise<T[]> =>
        Promise.all(hosts.map(ask));
    let cinder: Cinder;
    let filesBefore: string[] = [];

    before(async () => {
        cinder = new Cinder(findCloud(labEnvironment()));
        // A stack that is up already is taken down first, so that the round starts at the operator's own files.
        expectCode(await destroy(topology), 0);
        filesBefore = await each((host) => host.files());
    });
    after(async () => {
        primary.close();
        secondary.close();
        hosts.forEach((host) => {
            host.close();
        });
        await cinder.close();
    });

    it("previews the stanza, the type and every push, and connects to no host", async () => {
        const pids = await each((host) => host.pid());
        const { output } = expectCode(await preview(topology), 0);
        assert.match(output, /replication_enabled: "<is> True"/);
        assert.match(output, /cinder-dr:index:CinderHost: \(create\)/);
        assert.doesNotMatch(output, /PRIVATE KEY/);
        assert.deepEqual(await each((host) => host.pid()), pids);
        assert.deepEqual(await each((host) => host.files()), filesBefore);
    });

    it("adds the replication_device to the operator's own section and restarts each host once", async () => {
        const pids = await each((host) => host.pid());
        expectCode(await up(topology), 0);
        for (const [i, host] of hosts.entries()) {
            const config = await host.config();
            assert.match(
                config,
                /^replication_device = backend_id:secondary,conf:\/etc\/ceph\/secondary\.conf,user:cinder,secret_uuid:/m,
            );
            assert.notEqual(await host.pid(), pids[i], `${host.name} was not restarted`);
        }
    });

    it("makes the article's volume type with both keys", async () => {
        const type = (await cinder.volumeTypes()).find((t) => t.name === "replicated");
        assert.deepEqual(type?.extra_specs, {
            volume_backend_name: "ceph",
            replication_enabled: "<is> True",
        });
    });

    it("creates the article's volume: journaling and exclusive-lock here, a mirrored image there", async () => {
        const { id } = await cinder.createVolume({
            name: "fingers-crossed",
            description: "",
            size: 1,
            volume_type: "replicated",
            metadata: {},
        });
        try {
            const volume = await waitFor(
                async () => {
                    const seen = await cinder.volume(id);
                    return seen?.status === "creating" ? undefined : seen;
                },
                { what: "the volume", seconds: 60, signal: signal() },
            );
            assert.equal(volume.status, "available");
            assert.equal(volume.replication_status, "enabled");
            const spec = `volumes/volume-${id}`;
            const image = parseImageInfo((await primary.rbd(rbd.imageInfo(spec))).toString());
            assert.ok(image.features.includes("journaling"));
            assert.ok(image.features.includes("exclusive-lock"));
            assert.deepEqual(image.mirroring, { mode: "journal", state: "enabled", primary: true });
            const state = await waitFor(
                async () => {
                    const { code, stdout } = await secondary.attempt(rbd.imageStatus(spec));
                    const seen = code === 0 ? parseMirrorStatus(stdout.toString()).state : "";
                    return seen === "up+replaying" ? seen : undefined;
                },
                { what: "the mirrored image", seconds: 100, signal: signal() },
            );
            assert.equal(state, "up+replaying");
        } finally {
            await cinder.deleteVolume(id);
        }
    });

    it("is proven by verify, in words and as JSON", async () => {
        const words = expectCode(await verify(topology), 0);
        assert.match(
            words.stdout,
            /4096 random bytes written on primary were read back from secondary/,
        );
        assert.match(words.stdout, /verify: 8 ok, 0 warning, 0 problem/);
        const json = expectCode(await verify(topology, "--json"), 0);
        assert.equal((JSON.parse(json.stdout) as { ok: boolean }).ok, true);
        assert.deepEqual(await leftovers(), [[], []]);
    });

    const leftovers = () =>
        Promise.all(
            [primary, secondary].map(async (site) => {
                const images = JSON.parse(
                    (await site.rbd(rbd.listImages("volumes"))).toString(),
                ) as string[];
                return images.filter((name) => name.startsWith("cinder-dr-verify-"));
            }),
        );

    it("fails verify with the reason when somebody respelled the extra spec", async () => {
        const type = (await cinder.volumeTypes()).find((t) => t.name === "replicated");
        const specs = (value: string) =>
            cinder.setExtraSpec(type?.id ?? "", "replication_enabled", value);
        await specs("<is> true");
        try {
            const { stdout } = expectCode(await verify(topology), 3);
            assert.match(
                stdout,
                /replication_enabled is '<is> true' in Cinder, must be exactly '<is> True'/,
            );
        } finally {
            await specs("<is> True");
        }
    });

    it("changes nothing and restarts nothing the second time", async () => {
        const [pids, files] = [
            await each((host) => host.pid()),
            await each((host) => host.files()),
        ];
        const { output } = expectCode(await up(topology), 0);
        assert.match(output, /Resources:\s+\d+ unchanged/);
        assert.deepEqual(await each((host) => host.pid()), pids);
        assert.deepEqual(await each((host) => host.files()), files);
    });

    it("shows a changed value as a line diff, and only then restarts", async () => {
        const changed = labTopology();
        changed.backends.ceph.radosConnectTimeoutSeconds = 7;
        const { output } = expectCode(await preview(changed), 0);
        assert.match(output, /-\s+rados_connect_timeout = 5/);
        assert.match(output, /\+\s+rados_connect_timeout = 7/);
        const pids = await each((host) => host.pid());
        expectCode(await up(changed), 0);
        for (const [i, host] of hosts.entries()) {
            assert.match(await host.config(), /^rados_connect_timeout = 7$/m);
            assert.notEqual(await host.pid(), pids[i], `${host.name} was not restarted`);
        }
    });

    it("rolls back a value that breaks the driver, on the canary alone", async () => {
        const broken = labTopology();
        // oslo.config takes any text for it, the volume manager wants JSON and does not start.
        broken.backends.ceph.options = { extra_capabilities: "no JSON" };
        broken.timeouts = { healthSeconds: 45 };
        const files = await each((host) => host.config());
        const [, untouched] = await each((host) => host.pid());
        const { output } = await up(broken).then((run) => {
            assert.notEqual(run.code, 0, run.output);
            return run;
        });
        assert.match(output, /cinder-dr: cinder-a: health: /);
        assert.deepEqual(await each((host) => host.config()), files);
        assert.equal(await hosts[1]?.pid(), untouched, "cinder-b was touched");
        const { stdout } = expectCode(await verify(topology), 0);
        assert.match(stdout, /0 problem/);
    });

    it("adds a section of its own beside the operator's", async () => {
        const own = labTopology();
        own.backends["ceph-dr"] = { ...own.backends.ceph, volumeBackendName: "ceph-dr" };
        own.hosts["cinder-a"].backends = ["ceph", "ceph-dr"];
        own.volumeTypes["replicated-dr"] = { backend: "ceph-dr", protect: false };
        expectCode(await up(own), 0);
        const config = (await hosts[0]?.config()) ?? "";
        assert.match(config, /^\[ceph-dr\]$/m);
        assert.match(config, /^enabled_backends\s*=\s*ceph,\s*ceph-dr$/m);
        const { stdout } = expectCode(await verify(own, "--backend", "ceph-dr"), 0);
        assert.match(stdout, /cinder-a@ceph-dr/);
        expectCode(await up(topology), 0);
        assert.doesNotMatch((await hosts[0]?.config()) ?? "", /ceph-dr/);
    });

    it("takes everything back: the hosts' files are as before, byte for byte", async () => {
        expectCode(await destroy(topology), 0);
        assert.deepEqual(await each((host) => host.files()), filesBefore);
        assert.deepEqual(await each((host) => host.hasStateFolder()), [false, false]);
        assert.equal(
            (await cinder.volumeTypes()).find((t) => t.name === "replicated"),
            undefined,
        );
    });
});
