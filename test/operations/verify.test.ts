import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Finding } from "../../core/finding";
import { parseTopology } from "../../core/topology";
import { OpenStackError } from "../../operations/cinder";
import { verify } from "../../operations/verify";
import { FakeCloud } from "../support/fakeCloud";
import { row } from "../support/survey";
import { SshServer } from "../support/sshServer";
import { goodTopology } from "../support/topology";

const NEW_TYPE = "make a new type and retype its volumes: the specs of a type in use cannot change";
const LOG = "look at the type's extra specs and at cinder-volume's log on the volume's host";

describe("verify", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-verify-"));
    let cloud = new FakeCloud();
    let admin: SshServer;

    before(async () => {
        admin = await SshServer.start((...asked) => cloud.rbd(...asked));
        writeFileSync(join(folder, "key"), admin.clientKey);
    });
    beforeEach(() => {
        cloud = new FakeCloud();
    });
    after(async () => {
        await admin.stop();
        rmSync(folder, { recursive: true });
    });

    async function findings(
        doing: (what: string, abort: () => void) => void = () => undefined,
        types = ["replicated"],
    ): Promise<Finding[]> {
        const { primary, secondary } = goodTopology().sites;
        const adminHost = admin.connection(join(folder, "key"));
        const topology = parseTopology({
            ...goodTopology(),
            // One server stands for both clusters: another conf makes them two.
            sites: {
                primary: { ...primary, adminHost },
                secondary: { ...secondary, adminHost, conf: "/etc/ceph/lyon.conf" },
            },
            volumeTypes: Object.fromEntries(types.map((type) => [type, { backend: "ceph" }])),
        });
        const controller = new AbortController();
        const found: Finding[] = [];
        await verify({
            topology,
            cinder: cloud.cinder,
            signal: controller.signal,
            found: (finding) => found.push(finding),
            doing: (what) => {
                doing(what, () => {
                    controller.abort();
                });
            },
        });
        return found;
    }
    const left = () => [...cloud.volumes.keys(), ...cloud.snapshots, ...cloud.clones];
    const CLEANED = "the probe volume, its snapshot and its clone are removed again";

    it("finds a topology without volume types unproven", async () => {
        const found = await findings(undefined, []);
        assert.deepEqual(found, [
            {
                state: "problem",
                subject: "volume types",
                fact: "the topology names none here, so there is nothing to prove",
                next: "add a volume type of the backend",
            },
        ]);
    });

    it("needs no right to see Cinder's services, but their answer where it has it", async () => {
        const refused = (status: number) => () =>
            Promise.reject(new OpenStackError("Cinder: GET /os-services", status));
        cloud.services = refused(403);
        assert.ok((await findings()).every(({ state }) => state === "ok"));
        cloud.services = refused(503);
        await assert.rejects(findings(), OpenStackError);
        assert.deepEqual(left(), []);
    });

    it("carries a mark to the second cluster and leaves nothing", async () => {
        assert.deepEqual(
            (await findings()).map(({ state, subject, fact }) => `${state} ${subject}: ${fact}`),
            [
                "ok site paris: fsid of paris",
                "ok site lyon: fsid of lyon",
                "ok replicated: extra specs in Cinder: replication_enabled='<is> True', volume_backend_name='ceph'",
                "ok replicated: volume v1 is available on a host Cinder does not name, replication_status enabled",
                "ok replicated: image on paris: primary, exclusive-lock + journaling, mirroring mode journal",
                "ok replicated: image on lyon: up+replaying",
                "ok replicated: 4096 random bytes written on paris were read back from lyon",
                `ok replicated: ${CLEANED}`,
            ],
        );
        assert.equal(cloud.made, 1);
        assert.deepEqual(left(), []);
    });

    const specs = (extra_specs: Record<string, string>) => () => {
        cloud.types = [{ id: "t", name: "replicated", extra_specs }];
    };
    const problems: [what: string, change: () => void, fact: string, next: string, made: number][] =
        [
            [
                "<is> true",
                specs({ replication_enabled: "<is> true", volume_backend_name: "ceph" }),
                "replication_enabled is '<is> true' in Cinder, must be exactly '<is> True': volumes of this type are silently not replicated",
                NEW_TYPE,
                0,
            ],
            [
                "no replication_enabled",
                specs({ volume_backend_name: "ceph" }),
                "replication_enabled is '' in Cinder, must be exactly '<is> True': volumes of this type are silently not replicated",
                NEW_TYPE,
                0,
            ],
            [
                "another backend",
                specs({ replication_enabled: "<is> True", volume_backend_name: "lvm" }),
                "volume_backend_name is 'lvm' in Cinder, must be 'ceph'",
                NEW_TYPE,
                0,
            ],
            [
                "no such type",
                () => (cloud.types = []),
                "Cinder has no volume type 'replicated'",
                "run `pulumi up`, or check which cloud and user the credentials name",
                0,
            ],
            [
                "a service that is failed over",
                () =>
                    (cloud.services = () =>
                        Promise.resolve([
                            row({ active_backend_id: "secondary" }),
                            row({ host: "cinder-b@ceph" }),
                            row({ host: "cinder-a@other", active_backend_id: "secondary" }),
                        ])),
                "failed over: cinder-a@ceph to 'secondary'; a new volume would not be made on the primary, where a probe must be",
                "`cinder-dr status` shows what is replicated now; verify once `cinder-dr failback` is done",
                0,
            ],
            [
                "a volume in error",
                () => (cloud.fresh.status = "error"),
                "the probe volume is 'error'",
                "Cinder says: schedule allocate volume: no valid backend",
                1,
            ],
            [
                "replication_status disabled",
                () => (cloud.fresh.replication_status = "disabled"),
                "replication_status of the probe volume is 'disabled', must be 'enabled'",
                LOG,
                1,
            ],
            [
                "no replication_status",
                () => (cloud.fresh.replication_status = null),
                "replication_status of the probe volume is 'null', must be 'enabled'",
                LOG,
                1,
            ],
            [
                "an image without journaling",
                () => (cloud.features = ["layering"]),
                "image volumes/volume-v1 on paris is not mirrored (features layering)",
                "the pool must be in mirror mode image, and the backend must have its replication_device",
                1,
            ],
            [
                "an image that is not mirrored",
                () => (cloud.mirroring = undefined),
                "image volumes/volume-v1 on paris is not mirrored (features exclusive-lock, journaling)",
                "the pool must be in mirror mode image, and the backend must have its replication_device",
                1,
            ],
            [
                "a failed-over backend",
                () => (cloud.mirroring = { mode: "journal", state: "enabled", primary: false }),
                "image volumes/volume-v1 on paris is not primary",
                "the backend is failed over: verify looks at the primary site only after a failback",
                1,
            ],
            [
                "other bytes on the secondary",
                () =>
                    (cloud.carried = (diff) =>
                        Buffer.concat([
                            diff.subarray(0, -2),
                            Buffer.from([(diff.at(-2) ?? 0) ^ 1]),
                            diff.subarray(-1),
                        ])),
                "lyon holds other bytes than were written on paris",
                "do not fail over: compare the images of this pool on both sites",
                1,
            ],
        ];
    for (const [what, change, fact, next, made] of problems)
        it(`finds ${what}, and leaves nothing`, async () => {
            change();
            const found = await findings();
            assert.deepEqual(
                found.filter((f) => f.state === "problem"),
                [{ state: "problem", subject: "replicated", fact, next }],
            );
            assert.equal(cloud.made, made);
            assert.equal(found.filter((f) => f.fact === CLEANED).length, made);
            assert.deepEqual(left(), []);
        });

    it("stops where both admin hosts reach one cluster, before anything is made", async () => {
        cloud.fsids.lyon = cloud.fsids.paris;
        assert.deepEqual((await findings()).at(-1), {
            state: "problem",
            subject: "site lyon",
            fact: "fsid is the primary's: both sites are one cluster",
            next: "correct adminHost, conf or fsid of the site",
        });
        assert.equal(cloud.made, 0);
    });

    it("looks at every type, also after a problem", async () => {
        const found = await findings(undefined, ["absent", "replicated"]);
        assert.deepEqual(
            found.filter((f) => f.state === "problem").map((f) => f.subject),
            ["absent"],
        );
        assert.equal(cloud.made, 1);
    });

    it("interrupted while Cinder still creates, cleans up and begins no other type", async () => {
        cloud.fresh.status = "creating";
        const found = await findings(
            (what, abort) => {
                if (what.includes("waiting for Cinder to create")) abort();
                if (what.includes("cleaning up"))
                    setTimeout(() => {
                        for (const volume of cloud.volumes.values()) volume.status = "available";
                    }, 50);
            },
            ["replicated", "second"],
        );
        assert.deepEqual(found.map((f) => f.fact).slice(3), ["interrupted", CLEANED]);
        assert.equal(cloud.made, 1);
        assert.deepEqual(left(), []);
    });

    it("cleans up before it fails for a host that does not answer as it should", async () => {
        cloud.broken = "snap create";
        await assert.rejects(
            findings(),
            /^RemoteError: site paris \(127\.0\.0\.1\): rbd snap create --no-progress volumes\/volume-v1@cinder-dr-verify-\w+: exit code 1: rbd: it is broken$/,
        );
        assert.deepEqual(left(), []);
    });

    it("names what it could not clean up", async () => {
        cloud.broken = "snap rm";
        const problem = (await findings()).find((f) => f.state === "problem");
        assert.match(
            problem?.fact ?? "",
            /^the probe volume v1 could not be removed: site paris .*rbd: it is broken$/,
        );
        assert.equal(
            problem?.next,
            "run verify again, or remove the volume, its snapshot and the clone cinder-dr-verify-* by hand",
        );
    });

    it("removes what an old run left, and nothing else", async () => {
        const volume = { status: "available", replication_status: "enabled" };
        const now = new Date().toISOString().slice(0, 19);
        cloud.volumes.set("old", {
            ...volume,
            id: "old",
            name: "cinder-dr-verify-aa",
            created_at: "2026-01-01T00:00:00",
        });
        cloud.volumes.set("young", {
            ...volume,
            id: "young",
            name: "cinder-dr-verify-bb",
            created_at: now,
        });
        cloud.volumes.set("foreign", {
            ...volume,
            id: "foreign",
            name: "mine",
            created_at: "2026-01-01T00:00:00",
        });
        cloud.snapshots.add("cinder-dr-verify-aa");
        cloud.clones.add("cinder-dr-verify-aa");
        await findings();
        assert.deepEqual(left(), ["young", "foreign"]);
    });
});
