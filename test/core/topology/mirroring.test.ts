import assert from "node:assert/strict";

import { formatProblem } from "../../../core/problem";
import { checkTopology, parseTopology } from "../../../core/topology";
import { goodTopology, HOST_KEY, withValue } from "../../support/topology";

const mirrored = (mirroring: unknown = {}) => withValue("mirroring", mirroring);
const refusals = (given: unknown): string[] => checkTopology(given).map(formatProblem);

describe("the Ceph side of a topology", () => {
    it("is absent unless it is written", () => {
        assert.equal(parseTopology(goodTopology()).mirroring, undefined);
    });

    it("has every default filled in", () => {
        const given = mirrored({
            createPools: {},
            clientFiles: {},
        });
        assert.deepEqual(parseTopology(given).mirroring, {
            createPools: {},
            users: {},
            clientFiles: { owner: "root", keyringMode: "0640" },
            consent: {},
        });
    });

    it("names a daemon, its user and its files after its host", () => {
        const given = withValue(
            "sites/primary/rbdMirror",
            { hosts: { "ceph-1": { hostKey: HOST_KEY } } },
            withValue("sites/primary/clusterName", "paris", mirrored()),
        );
        assert.deepEqual(parseTopology(given).sites.primary.rbdMirror.hosts, [
            {
                name: "ceph-1",
                connection: { address: "ceph-1", port: 22, user: "root", hostKey: HOST_KEY },
                python: "/usr/bin/python3",
                cephUser: "rbd-mirror.ceph-1",
                conf: "/etc/ceph/paris.conf",
                keyring: "/etc/ceph/paris.client.rbd-mirror.ceph-1.keyring",
                serviceUser: "ceph",
                unit: "ceph-rbd-mirror@rbd-mirror.ceph-1",
            },
        ]);
    });

    const rows: [path: string, value: unknown, ...sentences: string[]][] = [
        [
            "mirroring/createPools/pgNum",
            12,
            "mirroring.createPools.pgNum must be a power of 2, got '12'",
        ],
        [
            "mirroring/users/cinder/osd",
            ["allow *"],
            "mirroring.users.cinder.osd.0 must be no wider than a profile of one pool, 'profile rbd pool=<pool>' or 'profile rbd-read-only pool=<pool>', got 'allow *'",
        ],
        [
            "mirroring/users/cinder/osd",
            ["profile rbd"],
            "mirroring.users.cinder.osd.0 must be no wider than a profile of one pool, 'profile rbd pool=<pool>' or 'profile rbd-read-only pool=<pool>', got 'profile rbd'",
        ],
        ["mirroring/users/nova", {}, "mirroring.users.nova must be a backend's user (cinder)"],
        [
            "mirroring/clientFiles",
            { keyringMode: "0644" },
            "mirroring.clientFiles.keyringMode must be a mode that others cannot read, e.g. 0640, got '0644'",
        ],
        [
            "mirroring/consent",
            { dropEverything: "why not" },
            "mirroring.consent.dropEverything is unknown here; must be one of changeMode, replacePeer, renameSite, narrowCaps",
        ],
        ["mirroring/consent", { changeMode: "" }, "mirroring.consent.changeMode must be a reason"],
        [
            "backends/ceph/user",
            "admin",
            "backends.ceph.user must be a user of Cinder's own: an admin's or a peer's key never lies on a Cinder host, got 'admin'",
            "backends.ceph.replicationDevice.user must be a user of Cinder's own: an admin's or a peer's key never lies on a Cinder host, got 'admin'",
        ],
        [
            "sites/primary/watchUser",
            "cinder",
            "sites.primary.watchUser must be a user of its own on this site, got 'cinder'",
        ],
        [
            "sites/primary/rbdMirror",
            { hosts: { a: { hostKey: HOST_KEY, cephUser: "rbd-mirror-peer" } } },
            "sites.primary.rbdMirror.hosts.a.cephUser must be a user of its own on this site, got 'rbd-mirror-peer'",
        ],
        [
            "sites/primary/rbdMirror",
            { healthSeconds: 5 },
            "sites.primary.rbdMirror must be exactly one of orchestrator or hosts",
        ],
        [
            "backends/ceph/replicationDevice/keyring",
            "/etc/ceph/ceph.client.cinder.keyring",
            "backends.ceph.replicationDevice.keyring must not be a file that another site, user or backend uses otherwise, got '/etc/ceph/ceph.client.cinder.keyring'",
        ],
    ];
    for (const [path, value, ...sentences] of rows)
        it(`is refused: ${sentences[0]?.slice(0, 70) ?? ""}`, () => {
            const given = withValue(path, value, mirrored({ clientFiles: {} }));
            assert.deepEqual(refusals(given), sentences);
        });

    it("cannot have daemons without mirroring", () => {
        const given = withValue("sites/primary/rbdMirror", {
            orchestrator: { placement: "count:1" },
        });
        assert.deepEqual(refusals(given), [
            "sites.primary.rbdMirror must not be given without `mirroring`, which sets up the Ceph side",
        ]);
    });
});

describe("compute hosts of a topology", () => {
    const compute = { hostKey: HOST_KEY };
    const given = (more: object = {}, name = "c1") =>
        withValue("computes", { [name]: { ...compute, ...more } }, mirrored());

    it("are none unless they are written, and have every default filled in", () => {
        assert.deepEqual(parseTopology(goodTopology()).computes, []);
        assert.deepEqual(parseTopology(given()).computes, [
            {
                name: "c1",
                connection: { address: "c1", port: 22, user: "root", hostKey: HOST_KEY },
                python: "/usr/bin/python3",
                commandPrefix: [],
                uri: "qemu:///system",
            },
        ]);
    });

    it("are refused with what is wrong with them", () => {
        assert.deepEqual(refusals(given({ uri: "system" })), [
            "computes.c1.uri must be a libvirt URI, e.g. qemu:///system",
        ]);
        assert.deepEqual(refusals(withValue("computes", { c1: compute })), [
            "computes must not be given without `mirroring`, which knows the users' keys",
        ]);
    });

    it("hold one key a secret", () => {
        const { ceph } = goodTopology().backends;
        assert.ok(ceph);
        const twice = withValue(
            "backends/fast",
            {
                ...ceph,
                volumeBackendName: "fast",
                user: "other",
                replicationDevice: { ...ceph.replicationDevice, user: "other" },
            },
            given(),
        );
        assert.deepEqual(
            refusals(twice).filter((said) => said.includes("of its own: it holds")),
            [
                `backends.fast.secretUuid must be a secret of its own: it holds the key of another user or site, got '${ceph.secretUuid}'`,
                `backends.fast.replicationDevice.secretUuid must be a secret of its own: it holds the key of another user or site, got '${ceph.replicationDevice.secretUuid}'`,
            ],
        );
    });
});
