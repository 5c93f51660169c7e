import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { Cinder } from "../../../operations/cinder";
import { findCloud } from "../../../operations/cloud";
import { waitFor } from "../../../operations/wait";
import { Engine } from "../../faults/engine";
import {
    destroy,
    expectCode,
    labEnvironment,
    LabHost,
    labTopology,
    run,
    type Mutable,
    type Run,
} from "../support";

const PUBLIC = "gold by hand";
const PRIVATE = "silver by hand";

/** What an operator typed under `[ceph]`: spelt differently on each host, and read the same by Cinder. */
const BY_HAND: Record<string, (secretUuid: string) => string> = {
    "cinder-a": (uuid) =>
        `replication_device = backend_id:secondary, conf:/etc/ceph/secondary.conf,user:cinder,\n    secret_uuid:${uuid}, pool:volumes\nrados_connect_timeout : 7\nrbd_flatten_volume_from_snapshot = yes\n`,
    "cinder-b": (uuid) =>
        `replication_device='backend_id:secondary,secret_uuid:${uuid}'\r\nrbd_flatten_volume_from_snapshot=yes\n[backend_defaults]\nrados_connect_timeout=7\n`,
};

/** Real Cinder on both hosts, configured by hand and never pushed. */
describe("adoption on the lab", () => {
    const hosts = [new LabHost("cinder-a"), new LabHost("cinder-b")];
    const cinder = new Cinder(findCloud(labEnvironment()));
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-adopt-"));
    const file = join(folder, "topology.yaml");
    const lab = labTopology();
    const { secretUuid } = lab.backends.ceph.replicationDevice;
    const original = new Map<string, string>();
    let engine = new Engine("adopt");

    const adopt = (...flags: string[]): Promise<Run> =>
        run("node", ["cli/bin.js", "adopt", "--topology", file, ...flags]);
    const openstack = async (...words: string[]) =>
        expectCode(await run("openstack", ["volume", "type", ...words]), 0).stdout.trim();
    // Cinder gives the extra specs in whatever order its database does.
    const types = () => cinder.volumeTypes();
    const put = (host: LabHost, text: string) =>
        host.sh(
            `echo ${Buffer.from(text).toString("base64")} | base64 -d > /etc/cinder/cinder.conf`,
        );
    /** Bytes and process of every host. */
    const standing = () =>
        Promise.all(hosts.map(async (host) => [await host.config(), await host.pid()]));
    const outcomes = () =>
        Promise.all(
            hosts.map(async (host) => {
                const text = await host.sh("cat /etc/cinder/.cinder-dr/cinder.conf/result.json");
                return (JSON.parse(text) as { outcome: string }).outcome;
            }),
        );
    async function restart(): Promise<void> {
        const since = new Date().toISOString().slice(0, 19);
        await Promise.all(hosts.map((host) => host.sh("systemctl restart cinder-volume")));
        await waitFor(
            async () => {
                const rows = (await cinder.services()).filter((r) => r.host.endsWith("@ceph"));
                const isBack = rows.every((r) => r.state === "up" && (r.updated_at ?? "") > since);
                return rows.length === 2 && isBack ? true : undefined;
            },
            { what: "both services", seconds: 120, signal: AbortSignal.timeout(150_000) },
        );
    }

    before(async () => {
        expectCode(await destroy(lab), 0);
        for (const host of hosts) {
            const text = await host.config();
            original.set(host.name, text);
            const more = BY_HAND[host.name]?.(secretUuid as string) ?? "";
            await put(
                host,
                text.replace(/^rbd_secret_uuid.*\n/m, (line) => line + more),
            );
        }
        // Fails where no earlier run was cut off.
        for (const name of [PUBLIC, PRIVATE])
            await run("openstack", ["volume", "type", "delete", name]);
        const specs = ["replication_enabled=<is> True", "volume_backend_name=ceph"];
        const words = specs.flatMap((spec) => ["--property", spec]);
        await openstack("create", PUBLIC, ...words);
        await openstack("create", PRIVATE, "--private", "--project", "admin", ...words);
        await restart();
    });
    after(async () => {
        for (const name of [PUBLIC, PRIVATE])
            await run("openstack", ["volume", "type", "delete", name]);
        for (const host of hosts) {
            await put(host, original.get(host.name) ?? "");
            await host.sh("rm -rf /etc/cinder/.cinder-dr");
        }
        await restart();
        for (const host of hosts) host.close();
        await cinder.close();
        engine.close();
        rmSync(folder, { recursive: true });
    });

    it("reads what both hosts run with, and writes nothing unasked", async () => {
        const { release, ssh, sites } = lab;
        const entries = Object.entries<Mutable>(lab.hosts as object).map(([name, host]) => {
            return [name, { ...host, backends: undefined }] as const;
        });
        const text = stringify({ release, ssh, sites, hosts: Object.fromEntries(entries) });
        writeFileSync(file, `# two sites, nothing else yet\n${text}`);
        const { output } = expectCode(await adopt(), 0);
        assert.match(
            output,
            /adopt {3}\[ceph\] on cinder-a, cinder-b: pool volumes, user cinder, replicated to secondary/,
        );
        assert.match(
            output,
            /adopt {3}silver by hand: id \S+, backend ceph, private: its projects/,
        );
        assert.doesNotMatch(output, new RegExp(secretUuid as string));
        assert.match(readFileSync(file, "utf8"), /^# two sites[^]*cinder-b/);
        assert.doesNotMatch(readFileSync(file, "utf8"), /backends:/);
    });

    it("writes a topology that the first `up` takes over as it is", async () => {
        expectCode(await adopt("--write"), 0);
        const text = readFileSync(file, "utf8");
        assert.match(text, /^# two sites/);
        const topology: Mutable = parse(text);
        assert.deepEqual(topology.backends, {
            ceph: {
                pool: "volumes",
                user: "cinder",
                secretUuid: lab.backends.ceph.secretUuid,
                radosConnectTimeoutSeconds: 7,
                replicationDevice: { backendId: "secondary", secretUuid },
                options: { rbd_flatten_volume_from_snapshot: "yes" },
            },
        });
        assert.equal(topology.volumeTypes[PRIVATE].isPublic, false);
        const [bytes, known] = [await standing(), await types()];
        expectCode(await engine.up(topology), 0);
        assert.deepEqual(await outcomes(), ["unchanged", "unchanged"]);
        assert.deepEqual(await standing(), bytes);
        assert.deepEqual(await types(), known);
        expectCode(await engine.up(topology, "--expect-no-changes"), 0);
    });

    it("finds the way back when the state is lost: no restart, no second type", async () => {
        engine.close();
        engine = new Engine("adopt");
        const [bytes, known] = [await standing(), await types()];
        const { output } = expectCode(await adopt("--write"), 0);
        assert.match(
            output,
            /leave {3}\[ceph\] on cinder-a, cinder-b: the topology has it already/,
        );
        expectCode(await engine.up(parse(readFileSync(file, "utf8"))), 0);
        assert.deepEqual(await outcomes(), ["unchanged", "unchanged"]);
        assert.deepEqual(await standing(), bytes);
        assert.deepEqual(await types(), known);
    });
});
