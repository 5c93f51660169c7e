import assert from "node:assert/strict";

import {
    planBackends,
    withBackends,
    type BackendAdoption,
    type Configured,
} from "../../../core/adopt/backend";
import { fillDraft, parseDraft, type Draft } from "../../../core/adopt/draft";
import { ProblemsError } from "../../../core/problem";
import { RBD_DRIVER } from "../../../core/topology/backend";
import { goodTopology, uuid } from "../../support/topology";

const DEVICE = {
    backend_id: "secondary",
    conf: "/etc/ceph/secondary.conf",
    user: "cinder",
    secret_uuid: uuid(2),
};
const VALUES = {
    volume_backend_name: "fast",
    rbd_pool: "fast",
    rbd_user: "cinder",
    rbd_cluster_name: "ceph",
    rbd_ceph_conf: "/etc/ceph/ceph.conf",
    rbd_secret_uuid: uuid(1),
    rados_connect_timeout: "5",
    replication_connect_timeout: "5",
};
const fast = (more: Partial<Configured> = {}): Configured => ({
    section: "fast",
    driver: RBD_DRIVER,
    values: VALUES,
    devices: [DEVICE],
    options: {},
    left: [],
    ...more,
});

/** Sites and two hosts, no backend and no type. */
const draft = (): Draft => {
    const topology = goodTopology();
    const hosts = Object.fromEntries(
        Object.entries(topology.hosts).map(([name, host]) => [
            name,
            { ...host, backends: undefined },
        ]),
    );
    return fillDraft({ ...topology, hosts, backends: undefined, volumeTypes: undefined });
};
const plan = (...seen: Configured[]): BackendAdoption[] =>
    planBackends(
        draft(),
        seen.map((one, at) => ({ host: `host-${String(at)}`, configured: [one] })),
    );

describe("the adoption of backends", () => {
    it("says only what is no default", () => {
        assert.deepEqual(plan(fast(), fast()), [
            {
                section: "fast",
                hosts: ["host-0", "host-1"],
                volumeBackendName: "fast",
                adopt: {
                    pool: "fast",
                    user: "cinder",
                    secretUuid: uuid(1),
                    replicationDevice: { backendId: "secondary", secretUuid: uuid(2) },
                },
                left: [],
            },
        ]);
    });
    it("says all that is none, Cinder's own timeout too", () => {
        const values = {
            ...VALUES,
            volume_backend_name: "rbd-fast",
            rbd_cluster_name: "paris",
            rbd_ceph_conf: "/etc/ceph/p.conf",
            rados_connect_timeout: "-1",
            replication_connect_timeout: "9",
        };
        const devices = [{ ...DEVICE, conf: "/etc/ceph/lyon.conf", user: "other" }];
        const [adoption] = plan(fast({ values, devices }));
        assert.ok(adoption !== undefined && "adopt" in adoption);
        assert.deepEqual(adoption.adopt, {
            volumeBackendName: "rbd-fast",
            pool: "fast",
            user: "cinder",
            clusterName: "paris",
            conf: "/etc/ceph/p.conf",
            secretUuid: uuid(1),
            radosConnectTimeoutSeconds: -1,
            replicationConnectTimeoutSeconds: 9,
            replicationDevice: {
                backendId: "secondary",
                conf: "/etc/ceph/lyon.conf",
                user: "other",
                secretUuid: uuid(2),
            },
        });
    });
    it("takes further options that the hosts agree in, and says which stay in the file", () => {
        const [adoption] = plan(
            fast({ options: { rbd_max_clone_depth: "0", rbd_store_chunk_size: "4" }, left: ["x"] }),
            fast({ options: { rbd_max_clone_depth: "0", rbd_store_chunk_size: "8" } }),
        );
        assert.ok(adoption !== undefined && "adopt" in adoption);
        assert.equal(adoption.adopt.options, undefined);
        assert.deepEqual(adoption.left, [
            {
                option: "rbd_max_clone_depth",
                why: "backends.fast.options.rbd_max_clone_depth must be at least 1: with 0 clones are full copies that are not mirrored, got '0'",
            },
            { option: "rbd_store_chunk_size", why: "the hosts differ in it" },
            { option: "x", why: "it is secret, or no option that a topology can name" },
        ]);
    });

    const left: [what: string, seen: Configured[], leave: string, isProblem: boolean][] = [
        [
            "another driver's",
            [{ section: "lvm", driver: "cinder.volume.drivers.lvm.LVMVolumeDriver" }],
            "its volume_driver is 'cinder.volume.drivers.lvm.LVMVolumeDriver'",
            false,
        ],
        ["not replicated", [fast({ devices: [] })], "it has no replication_device", false],
        [
            "of two devices",
            [fast({ devices: [DEVICE, DEVICE] })],
            "it must have exactly one replication_device on each host, got '2'",
            true,
        ],
        [
            "replicated on one host only",
            [fast(), fast({ devices: [] })],
            "it must have exactly one replication_device on each host, got '1' and '0'",
            true,
        ],
        [
            "told differently by its hosts",
            [
                fast(),
                fast({
                    values: { ...VALUES, rbd_pool: "slow" },
                    devices: [{ ...DEVICE, secret_uuid: uuid(3) }],
                }),
            ],
            "its hosts differ: pool, replicationDevice.secretUuid",
            true,
        ],
        [
            "one that a topology refuses",
            [fast({ devices: [{ ...DEVICE, secret_uuid: uuid(1) }] })],
            "backends.fast.replicationDevice.secretUuid must differ from the primary's secretUuid: two clusters have two keys",
            true,
        ],
    ];
    for (const [what, seen, leave, isProblem] of left)
        it(`leaves a backend that is ${what}, and says why`, () => {
            const [adoption] = plan(...seen);
            assert.ok(adoption !== undefined && "leave" in adoption);
            assert.equal(adoption.leave, leave);
            assert.equal(adoption.isProblem, isProblem);
        });

    it("tells a host that serves not all of them which it serves", () => {
        const { hosts } = draft();
        const two = { ...draft(), hosts: { ...hosts, "cinder-b": {} } };
        const [first = ""] = Object.keys(hosts);
        const seen = planBackends(two, [
            { host: first, configured: [fast(), fast({ section: "slow" })] },
            { host: "cinder-b", configured: [fast()] },
        ]);
        assert.deepEqual(withBackends(two, seen).hosts, { "cinder-b": ["fast"] });
        assert.deepEqual(Object.keys(withBackends(two, seen).backends), ["fast", "slow"]);
    });
});

describe("a topology before an adoption", () => {
    it("needs sites and hosts, and no backend", () => {
        assert.deepEqual(parseDraft(draft()).backends, []);
        assert.throws(() => parseDraft({ ...draft(), hosts: {} }), ProblemsError);
    });
    it("may name backends that are still to be read", () => {
        const given = draft();
        for (const host of Object.values(given.hosts)) host.backends = ["fast"];
        assert.deepEqual(parseDraft(given).hosts[0]?.backends, ["fast"]);
    });
});
