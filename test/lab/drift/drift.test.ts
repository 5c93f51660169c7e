import { strict as assert } from "node:assert";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { DriftItem } from "../../../core/drift/item";
import { driftFileName, parseDriftRecord } from "../../../core/drift/record";
import { Cinder } from "../../../operations/cinder";
import type { Volume } from "../../../core/volume";
import { findCloud } from "../../../operations/cloud";
import { waitFor } from "../../../operations/wait";
import { adminHosts, driftOf } from "../adminHost";
import {
    configFile,
    expectCode,
    labEnvironment,
    LabHost,
    labTopology,
    plannedChanges,
    preview,
    run,
    STACK,
    up,
    type Mutable,
} from "../support";

const RECORD = join(__dirname, "../../..", driftFileName(STACK));

/** The lab's topology with the Ceph side declared, as on clusters that were set up before. */
function declared(): Mutable {
    const topology = labTopology();
    for (const role of ["primary", "secondary"]) {
        const site = topology.sites[role];
        site.watchUser ??= "cinder-dr-watch";
        const { address, hostKey } = site.adminHost;
        const host = { address, hostKey, cephUser: `rbd-mirror.${role}` };
        site.rbdMirror ??= { hosts: { [`ceph-${role}`]: host } };
    }
    topology.mirroring ??= {};
    topology.mirroring.clientFiles ??= {};
    return topology;
}

describe("drift", () => {
    const topology = declared();
    const hosts = { a: new LabHost("cinder-a"), b: new LabHost("cinder-b") };
    const sites = adminHosts();
    const cinder = new Cinder(findCloud(labEnvironment()));
    let volume: Volume | undefined;

    const drift = (code: number, ...flags: string[]) => driftOf(topology, code, ...flags);
    const record = (code: number): Promise<string[]> => drift(code, "--record", RECORD);
    const updates = () => plannedChanges(topology);

    before(async () => {
        // Whatever an earlier run left on the hosts is drift, too, and goes the same way.
        await run("node", [
            "cli/bin.js",
            "drift",
            "--topology",
            configFile(topology),
            "--record",
            RECORD,
        ]);
        expectCode(await up(topology), 0);
        const { id } = await cinder.createVolume({
            name: "drifting",
            description: "",
            size: 1,
            volume_type: "replicated",
            metadata: {},
        });
        volume = await waitFor(
            async () => {
                const seen = await cinder.volume(id);
                return seen?.status === "creating" ? undefined : seen;
            },
            { what: "the volume", seconds: 60, signal: AbortSignal.timeout(90_000) },
        );
        assert.equal(volume.status, "available");
    });
    after(async () => {
        rmSync(RECORD, { force: true });
        if (volume !== undefined) await cinder.deleteVolume(volume.id);
        for (const host of [...Object.values(hosts), ...Object.values(sites)]) host.close();
        await cinder.close();
    });

    it("is none after up; recorded, it is an empty file and no change", async () => {
        assert.deepEqual(await record(0), []);
        assert.deepEqual(parseDriftRecord("f", readFileSync(RECORD, "utf8")).drifted, {});
        assert.deepEqual(await updates(), []);
    });

    it("finds and changes nothing, also on hosts", async () => {
        const look = async () => [
            await hosts.a.files(),
            await hosts.b.files(),
            await hosts.a.pid(),
            await sites.primary.sh("ceph auth ls --format json | sha256sum; ceph config-key ls"),
        ];
        const before = await look();
        await drift(0);
        assert.deepEqual(await look(), before);
    });

    it("on hosts is found, is just these updates, and up repairs it", async () => {
        const pid = await hosts.a.pid();
        await hosts.a.sh("sed -i 's/^rbd_user *=.*/rbd_user = nobody/' /etc/cinder/cinder.conf");
        assert.deepEqual(await record(3), [
            "drifted hosts.cinder-a: cinder-volume",
            "drifted hosts.cinder-a: cinder.conf [ceph] rbd_user",
        ]);
        assert.deepEqual(await updates(), ["update cinder-a"]);
        expectCode(await up(topology), 0);
        assert.notEqual(await hosts.a.pid(), pid);
        assert.deepEqual(await updates(), []);
        assert.deepEqual(await record(0), []);
        assert.deepEqual(await updates(), []);
    });

    it("of a process that nobody restarted is found, and up restarts it", async () => {
        const pid = await hosts.b.pid();
        await hosts.b.sh("sed -i '$a # a hand edit' /etc/cinder/cinder.conf");
        assert.deepEqual(await record(3), ["drifted hosts.cinder-b: cinder-volume"]);
        assert.deepEqual(await updates(), ["update cinder-b"]);
        expectCode(await up(topology), 0);
        assert.notEqual(await hosts.b.pid(), pid);
        assert.deepEqual(await record(0), []);
    });

    it("of a keyring's mode and key is found, and up repairs both", async () => {
        const [a, b] = [
            "/etc/ceph/ceph.client.cinder.keyring",
            "/etc/ceph/secondary.client.cinder.keyring",
        ];
        const before = await hosts.b.sh(`cat ${b}`);
        await hosts.a.sh(`chmod 644 ${a}`);
        await hosts.b.sh(
            `sed -i 's|key = .*|key = AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==|' ${b}`,
        );
        const found = await record(3);
        assert.ok(found.includes(`drifted hosts.cinder-a: ${a}`), found.join("\n"));
        assert.ok(found.includes(`drifted hosts.cinder-b: ${b} key`), found.join("\n"));
        assert.deepEqual(await updates(), ["update cinder-a", "update cinder-b"]);
        expectCode(await up(topology), 0);
        assert.equal(await hosts.b.sh(`cat ${b}`), before);
        assert.deepEqual(await record(0), []);
    });

    it("of what up does not repair is found and warned of, and is no update", async () => {
        const image = `volumes/volume-${volume?.id ?? ""}`;
        // Cinder refuses to change the specs of a type in use, so here it is the topology that differs.
        const other = structuredClone(topology);
        other.volumeTypes.replicated.extraSpecs = { "cinder-dr:test": "1" };
        const words = ["cli/bin.js", "drift", "--topology", configFile(other), "--json"];
        // Takes the feature journaling away, too.
        await sites.primary.sh(`rbd mirror image disable ${image}`);
        try {
            const { stdout } = expectCode(await run("node", [...words, "--record", RECORD]), 3);
            const { items } = JSON.parse(stdout) as { items: DriftItem[] };
            assert.deepEqual(
                items
                    .filter(({ state }) => state === "drifted")
                    .map(({ subject, found }) => `${subject}: ${found}`)
                    .sort(),
                [
                    "extra spec cinder-dr:test: missing",
                    `image ${image}: mirroring disabled, without journaling`,
                ],
            );
            const { output } = expectCode(await preview(topology), 0);
            assert.match(output, /not repaired by an update .*extra spec cinder-dr:test/);
            assert.match(output, new RegExp(`not repaired by an update .*image ${image}`));
            assert.doesNotMatch(output, /to update/);
        } finally {
            await sites.primary.sh(`rbd mirror image enable ${image} journal`);
        }
        await waitFor(async () => ((await record(0)).length === 0 ? true : undefined), {
            what: "the image to be mirrored",
            seconds: 60,
            signal: AbortSignal.timeout(90_000),
        });
    });

    it("of direction, caps and a daemon is found, is these updates, and up repairs it", async () => {
        const [peer] = await sites.primary.peers();
        assert.ok(peer);
        const unit = "ceph-rbd-mirror@rbd-mirror.secondary";
        const [pid, other] = [await sites.primary.daemon(), await sites.secondary.daemon()];
        await sites.primary.sh(`rbd mirror pool peer set volumes ${peer.uuid} direction rx-only`);
        await sites.primary.sh(
            // Less than its profiles: more would be refused, since the lab made this user and not the stack.
            "ceph auth caps client.cinder mon 'profile rbd' osd 'profile rbd pool=volumes'",
        );
        await sites.secondary.sh(`systemctl stop ${unit}`);
        const found = await waitFor(
            async () => {
                const seen = await record(3);
                return seen.some((item) => item.includes("rbdMirror")) ? seen : undefined;
            },
            { what: "the daemon to be missed", seconds: 120, signal: AbortSignal.timeout(150_000) },
        );
        assert.deepEqual(
            found.filter((item) => item.includes(" sites.")),
            [
                "drifted sites.primary.peers.volumes: pool volumes direction",
                "drifted sites.primary.users: client.cinder caps",
                "drifted sites.secondary.rbdMirror: pool volumes rbd-mirror",
            ],
        );
        const shown = await updates();
        for (const step of [
            ...["primary-volumes-peer", "secondary-volumes-peer", "primary-users"],
            ...["ceph-secondary-rbd-mirror", "secondary-health"],
        ])
            assert.ok(shown.includes(`update ${step}`), `${step} is not in ${shown.join(", ")}`);
        expectCode(await up(topology), 0);
        assert.deepEqual(
            (await sites.primary.peers()).map(({ uuid, direction }) => [uuid, direction]),
            [[peer.uuid, "rx-tx"]],
        );
        assert.equal(await sites.primary.daemon(), pid);
        assert.notEqual(await sites.secondary.daemon(), other);
        assert.notEqual(await sites.secondary.daemon(), "");
        assert.deepEqual(await record(0), []);
    });

    it("of a peer that is gone is found, is these updates, and up makes it anew", async () => {
        for (const { uuid } of await sites.secondary.peers())
            await sites.secondary.sh(`rbd mirror pool peer remove volumes ${uuid}`);
        const found = await record(3);
        // The other site's daemon may by now have left a one-way peer by its ping.
        assert.match(found.join("\n"), /drifted sites\.secondary\.peers\.volumes: pool volumes /);
        const shown = await updates();
        for (const step of ["primary-volumes-peer", "secondary-volumes-peer"])
            assert.ok(shown.includes(`update ${step}`), `${step} is not in ${shown.join(", ")}`);
        expectCode(await up(topology), 0);
        assert.deepEqual(
            (await sites.secondary.peers()).map((p) => [p.site_name, p.direction, p.client_name]),
            [["primary", "rx-tx", "client.rbd-mirror-peer"]],
        );
        // This peer is ours: taken out of the topology, the mirroring stays as long as an image needs it.
        const standing = async () => [
            await sites.secondary.daemon(),
            // The other daemon's ping fills in the rest of a peer by and by.
            (await sites.secondary.peers()).map(({ uuid }) => uuid),
        ];
        const before = await standing();
        const { code, output } = await up(labTopology());
        assert.notEqual(code, 0);
        assert.match(
            output,
            /cinder-dr: site secondary: guard: 1 image\(s\) of pool 'volumes' are mirrored, and their mirroring came from here; .* \(this step changed nothing\)/,
        );
        assert.deepEqual(await standing(), before);
        expectCode(await up(topology), 0);
        assert.deepEqual(await record(0), []);
    });

    it("of the mirror mode is found and warned of; with the consent up repairs it", async () => {
        const mode = async () =>
            (
                JSON.parse(
                    await sites.primary.sh("rbd mirror pool info volumes --format json"),
                ) as { mode: string }
            ).mode;
        const found = ["drifted sites.primary.pools.volumes: pool volumes mirror mode"];
        await sites.primary.sh("rbd mirror pool enable volumes pool --site-name primary");
        try {
            assert.deepEqual(await record(3), found);
            const { output } = expectCode(await preview(topology), 0);
            assert.match(output, /not repaired by an update .*pool volumes mirror mode/);
            assert.doesNotMatch(output, /to update/);
            const consented = structuredClone(topology);
            consented.mirroring.consent = { changeMode: "it was changed by mistake" };
            assert.deepEqual(await driftOf(consented, 3, "--record", RECORD), found);
            expectCode(await up(consented), 0);
            assert.equal(await mode(), "image");
            assert.deepEqual(await driftOf(consented, 0, "--record", RECORD), []);
            expectCode(await up(topology), 0);
        } finally {
            if ((await mode()) !== "image")
                await sites.primary.sh("rbd mirror pool enable volumes image --site-name primary");
        }
    });

    it("of an extra spec without volumes is found, and up --refresh repairs it", async () => {
        if (volume !== undefined) await cinder.deleteVolume(volume.id);
        const gone = {
            what: "the end of the volume",
            seconds: 60,
            signal: AbortSignal.timeout(90_000),
        };
        await waitFor(async () => {
            const left = volume === undefined ? undefined : await cinder.volume(volume.id);
            return left === undefined ? true : undefined;
        }, gone);
        volume = undefined;
        const specs = async () =>
            (
                JSON.parse(
                    expectCode(
                        await run("openstack", [
                            "volume",
                            "type",
                            "show",
                            "replicated",
                            "-f",
                            "json",
                        ]),
                        0,
                    ).stdout,
                ) as { properties: Record<string, string> }
            ).properties;
        const before = await specs();
        const property = "replication_enabled=<is> False";
        const words = ["volume", "type", "set", "--property", property, "replicated"];
        expectCode(await run("openstack", words), 0);
        const found = await record(3);
        assert.deepEqual(found, ["drifted volumeTypes.replicated: extra spec replication_enabled"]);
        const { output } = expectCode(await preview(topology), 0);
        assert.match(output, /not repaired by an update .*extra spec replication_enabled/);
        expectCode(await up(topology, STACK, "--refresh"), 0);
        assert.deepEqual(await specs(), before);
        assert.deepEqual(await record(0), []);
    });

    it("says what it cannot see, and keeps its entry", async () => {
        const dark = declared();
        dark.sites.secondary.adminHost.port = 1;
        const words = ["cli/bin.js", "drift", "--topology", configFile(dark)];
        const { stdout } = expectCode(await run("node", words), 1);
        assert.match(stdout, /^cannot see sites\.secondary: fsid: .*ECONNREFUSED/m);
        assert.match(stdout, /0 drifted, [1-9]\d* cannot be seen in/);
    });

    it("needs a file's name when the topology is no stack's", async () => {
        const folder = mkdtempSync(join(tmpdir(), "cinder-dr-drift-"));
        const words = ["cli/bin.js", "drift", "--topology", configFile(topology), "--record"];
        const { output } = expectCode(await run("node", words), 2);
        assert.match(output, /--record needs a file's name/);
        assert.equal(existsSync(join(folder, driftFileName(STACK))), false);
        rmSync(folder, { recursive: true });
    });
});
