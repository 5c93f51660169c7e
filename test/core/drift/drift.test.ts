import assert from "node:assert/strict";

import { hostDrift, inspectRequest, type HostSeen } from "../../../core/drift/host";
import { imageDrift } from "../../../core/drift/image";
import { BY_UP, type DriftItem } from "../../../core/drift/item";
import { keyDrift } from "../../../core/drift/key";
import { serviceDrift } from "../../../core/drift/service";
import { siteRepair } from "../../../core/drift/repair";
import { siteDrift } from "../../../core/drift/site";
import { parsePoolInfo, type SiteSeen } from "../../../core/drift/siteSeen";
import { parsePoolStatus } from "../../../core/mirrorPool";
import { volumeTypeDrift } from "../../../core/drift/volumeType";
import { parseTopology } from "../../../core/topology";
import { goodTopology, HOST_KEY, uuid, withValue } from "../../support/topology";

const topology = parseTopology(
    withValue("sites/primary/fsid", uuid(7), withValue("sites/secondary/fsid", uuid(8))),
);
const faults = (items: DriftItem[]): string[] =>
    items
        .filter((item) => item.state !== "ok")
        .map((item) => `${item.state}: ${item.subject}: ${item.found} / ${item.wanted ?? ""}`);

const file = (path: string, mode: string) => ({
    path,
    there: true,
    mode,
    owner: "root:cinder",
    readable: true,
});
const goodHost = (): HostSeen => ({
    problem: null,
    next: null,
    pending: null,
    file: file("/etc/cinder/cinder.conf", "0640"),
    sections: { ceph: { keys: {}, enabled: true, host: "cinder-a@ceph" } },
    service: { state: "active", pid: 7, unread: false },
    clients: (["primary", "target"] as const).map((side, i) => ({
        section: "ceph",
        side,
        files: [file(`/etc/ceph/${side}.conf`, "0644"), file(`/etc/ceph/${side}.keyring`, "0640")],
        fsid: uuid(7 + i),
        keySha256: "ab",
        unreachable: null,
    })),
});

describe("a host's drift", () => {
    const host = topology.hosts[0] as (typeof topology.hosts)[0];
    const request = inspectRequest(host, topology);
    const of = (change: (seen: HostSeen) => void): string[] => {
        const seen = goodHost();
        change(seen);
        return faults(hostDrift(request, seen, topology));
    };
    const client = (seen: HostSeen) => seen.clients[0] as HostSeen["clients"][0];

    it("asks for the keyrings by the topology's names", () => {
        assert.equal(
            (request.backends[0]?.target as { keyring?: string }).keyring,
            "/etc/ceph/secondary.client.cinder.keyring",
        );
    });

    const cases: [what: string, change: (seen: HostSeen) => void, faults: string[]][] = [
        ["nothing", () => undefined, []],
        [
            "a key, its secrets hidden",
            (seen) => {
                seen.sections.ceph = {
                    keys: { rbd_user: ["x"], replication_device: [], rbd_secret_uuid: ["***"] },
                    enabled: true,
                    host: "",
                };
            },
            [
                "drifted: cinder.conf [ceph] rbd_user: 'x' / 'cinder'",
                "drifted: cinder.conf [ceph] replication_device: missing / 'backend_id:secondary,conf:/etc/ceph/secondary.conf,user:cinder,secret_uuid:***'",
                "drifted: cinder.conf [ceph] rbd_secret_uuid: '***' / '***'",
            ],
        ],
        [
            "a backend that is not enabled",
            (seen) => {
                seen.sections.ceph = { keys: {}, enabled: false, host: "" };
            },
            [
                "drifted: cinder.conf [DEFAULT] enabled_backends: does not name 'ceph' / names 'ceph'",
            ],
        ],
        [
            "a stopped service",
            (seen) => {
                seen.service = { state: "failed", pid: null, unread: false };
            },
            ["drifted: cinder-volume: the service is 'failed' / active"],
        ],
        [
            "a process older than its file",
            (seen) => {
                seen.service = { state: "active", pid: 7, unread: true };
            },
            [
                "drifted: cinder-volume: active, process 7, which has not read its configuration as it is now / a process that has read it",
            ],
        ],
        [
            "a push that was cut off",
            (seen) => {
                seen.pending = "restarting";
            },
            ["drifted: push: the last one was cut off while restarting / ended"],
        ],
        [
            "a push that would be refused",
            (seen) => {
                seen.problem = "configFile must exist, got '/x'";
            },
            ["drifted: push: would be refused: configFile must exist, got '/x' / possible"],
        ],
        [
            "a keyring open to all",
            (seen) => {
                client(seen).files[1] = file("/k", "0644");
            },
            [
                "drifted: /k: 0644 root:cinder: open to every user of the host / readable for cinder, closed to others",
            ],
        ],
        [
            "a keyring that Cinder cannot read",
            (seen) => {
                client(seen).files[1] = { ...file("/k", "0600"), readable: false };
            },
            [
                "drifted: /k: 0600 root:cinder: not readable for cinder / readable for cinder, closed to others",
            ],
        ],
        [
            "a conf that is missing",
            (seen) => {
                client(seen).files[0] = { path: "/c", there: false, why: "No such file" };
            },
            ["drifted: /c: No such file / readable for cinder"],
        ],
        [
            "the conf of another cluster",
            (seen) => {
                client(seen).fsid = uuid(9);
            },
            [`drifted: /etc/ceph/primary.conf fsid: '${uuid(9)}' / '${uuid(7)}'`],
        ],
        [
            "a cluster out of reach",
            (seen) => {
                client(seen).unreachable = "no answer within 20 s";
            },
            [
                "drifted: [ceph] primary 'ceph': cannot be reached: no answer within 20 s / `rbd ls` works as Cinder will run it",
            ],
        ],
    ];
    for (const [what, change, expected] of cases)
        it(`finds ${what}`, () => {
            assert.deepEqual(of(change), expected);
        });

    it("finds a cinder.conf that is open to everybody", () => {
        assert.deepEqual(
            of((seen) => (seen.file = file("/etc/cinder/cinder.conf", "0644"))),
            [
                "drifted: /etc/cinder/cinder.conf: mode 0644: open to everybody on the host, and it holds passwords / closed to others",
            ],
        );
    });

    it("finds a keyring of another mode than the topology keeps", () => {
        const managed = parseTopology({
            ...goodTopology(),
            mirroring: { clientFiles: { keyringMode: "0440" } },
        });
        assert.equal(
            faults(hostDrift(request, goodHost(), managed))[0],
            "drifted: /etc/ceph/primary.keyring: 0640 root:cinder: another mode / 0440, readable for cinder, closed to others",
        );
    });

    it("finds another key than the cluster's, without showing either", () => {
        const site = (keySha256: string): SiteSeen => ({
            fsid: { seen: "" },
            pools: {},
            users: { cinder: { seen: { caps: {}, keySha256 } } },
        });
        const names = { user: "cinder", siteName: "paris", managed: false };
        const key = (seen: SiteSeen) =>
            keyDrift("cinder-a", client(goodHost()), names, seen) as DriftItem;
        assert.equal(key(site("ab")).state, "ok");
        assert.deepEqual(faults([key(site("cd"))]), [
            "drifted: /etc/ceph/primary.keyring key: another key / the key that paris has for client.cinder",
        ]);
        assert.equal(key({ ...site("cd"), users: {} }).state, "cannot see");
    });
});

describe("a service's drift", () => {
    const row = { host: "a@ceph", state: "up", status: "enabled", replication_status: "enabled" };
    const state = (more: object) =>
        serviceDrift("a", "a@ceph", { ...row, ...more }, "secondary").state;
    it("is none when it is enabled, nor after a failover to the topology's target", () => {
        assert.equal(state({}), "ok");
        const over = { replication_status: "failed-over", active_backend_id: "secondary" };
        assert.equal(state(over), "ok");
    });
    it("is a service that is down, not replicated, on another target, or without a row", () => {
        assert.equal(state({ state: "down" }), "drifted");
        assert.equal(state({ replication_status: "disabled" }), "drifted");
        const over = { replication_status: "failed-over", active_backend_id: "third" };
        assert.equal(state(over), "drifted");
        assert.equal(serviceDrift("a", "a@ceph", undefined, "x").state, "drifted");
    });
});

const INFO =
    '{"mode":"image","site_name":"paris","peers":[{"uuid":"u","direction":"rx-tx","site_name":"lyon","mirror_uuid":"m","client_name":"client.rbd-mirror-peer"}]}';
const STATUS =
    '{"summary":{"health":"OK","daemon_health":"OK","image_health":"OK","states":{}},"daemons":[{"service_id":"1","instance_id":"2","client_id":"paris","hostname":"h","ceph_version":"16.2.15","leader":true,"health":"OK"}],"images":[{"name":"volume-1"}]}';

describe("a site's drift", () => {
    const of = (
        info: string,
        status = STATUS,
        caps?: Record<string, string>,
        stderr = "",
    ): string[] => {
        const seen: SiteSeen = {
            fsid: { seen: uuid(7) },
            pools: {
                volumes: {
                    info: { seen: parsePoolInfo(info) },
                    status: { seen: parsePoolStatus(status, stderr) },
                    images: { seen: [] },
                },
            },
            users: caps === undefined ? {} : { cinder: { seen: { caps, keySha256: "" } } },
        };
        const repair = siteRepair(topology, "primary");
        const users = { cinder: { mon: "profile rbd", osd: "profile rbd pool=volumes" } };
        return faults(siteDrift(seen, { topology, role: "primary", users, repair }));
    };

    const cases: [what: string, info: string, faults: string[]][] = [
        ["nothing", INFO, []],
        [
            "the mode pool",
            INFO.replace('"image"', '"pool"'),
            ["drifted: pool volumes mirror mode: pool / image"],
        ],
        [
            "no mirroring",
            '{"mode":"disabled"}',
            ["drifted: pool volumes mirror mode: disabled / image"],
        ],
        [
            "no peer",
            INFO.replace(/"peers":.*/, '"peers":[]}'),
            ["drifted: pool volumes peer: none / 'lyon'"],
        ],
        [
            "another peer",
            INFO.replace("lyon", "rome"),
            ["drifted: pool volumes peer: 'rome' / only 'lyon'"],
        ],
        [
            "one direction",
            INFO.replace("rx-tx", "rx-only"),
            ["drifted: pool volumes direction: rx-only / rx-tx"],
        ],
        [
            "another site name",
            INFO.replace("paris", "london"),
            ["drifted: pool volumes site name: 'london' / 'paris'"],
        ],
    ];
    for (const [what, info, expected] of cases)
        it(`finds ${what}`, () => {
            assert.deepEqual(of(info), expected);
        });

    it("finds a daemon that is down, and says when it may not ask", () => {
        const down = STATUS.replace(/"daemon_health":"OK"/, '"daemon_health":"ERROR"').replace(
            /"daemons":\[.*\],"images"/,
            '"daemons":[],"images"',
        );
        assert.deepEqual(of(INFO, down), [
            "drifted: pool volumes rbd-mirror: daemon health ERROR, no daemon / daemon health OK",
        ]);
        const unknown = down.replace('"daemon_health":"ERROR"', '"daemon_health":"UNKNOWN"');
        const denied = "rbd: failed to query services: (13) Permission denied";
        assert.match(
            of(INFO, unknown, undefined, denied)[0] ?? "",
            /^cannot see: pool volumes rbd-mirror/,
        );
        // Ceph says the same of a service map without any daemon.
        assert.deepEqual(of(INFO, unknown), [
            "drifted: pool volumes rbd-mirror: daemon health UNKNOWN, no daemon / daemon health OK",
        ]);
    });

    it("finds a peer's own user only when the daemons do not get through with it", () => {
        const own = INFO.replace("client.rbd-mirror-peer", "client.nobody");
        assert.deepEqual(of(own), []);
        const cut = STATUS.replace('"daemon_health":"OK"', '"daemon_health":"ERROR"');
        assert.deepEqual(of(own, cut), [
            "drifted: pool volumes peer user: client.nobody / client.rbd-mirror-peer",
            "drifted: pool volumes rbd-mirror: daemon health ERROR (paris on h OK) / daemon health OK",
        ]);
    });

    it("compares caps as grants, in any order", () => {
        const good = { mon: "profile rbd", osd: "profile rbd pool=volumes" };
        assert.deepEqual(of(INFO, STATUS, good), []);
        assert.deepEqual(of(INFO, STATUS, { ...good, osd: "allow *" }), [
            "drifted: client.cinder caps: mon 'profile rbd' osd 'allow *' / mon 'profile rbd' osd 'profile rbd pool=volumes'",
        ]);
    });

    it("is another cluster when the fsid is", () => {
        const seen: SiteSeen = { fsid: { seen: uuid(1) }, pools: {}, users: {} };
        const repair = siteRepair(topology, "primary");
        assert.deepEqual(
            faults(siteDrift(seen, { topology, role: "primary", users: {}, repair })),
            [`drifted: fsid: '${uuid(1)}' / '${uuid(7)}'`],
        );
    });
});

describe("the repair of a site", () => {
    const repair = (mirroring?: object, rbdMirror?: object) => {
        const base = mirroring === undefined ? goodTopology() : { ...goodTopology(), mirroring };
        const given = withValue("sites/primary/rbdMirror", rbdMirror, base);
        return siteRepair(parseTopology(given), "primary");
    };
    it("is the operator's where the topology does not declare it", () => {
        assert.ok(Object.values(repair()).every((next) => next !== BY_UP));
        assert.match(repair({}).daemon, /^start rbd-mirror on its host/);
        assert.equal(repair({}, { hosts: { c: { hostKey: HOST_KEY } } }).daemon, BY_UP);
    });
    it("needs a consent where protection may go, and is up's elsewhere", () => {
        const { mode, siteName, wrongPeer, noPeer, disabled, direction, caps } = repair({});
        for (const next of [noPeer, disabled, direction, caps]) assert.equal(next, BY_UP);
        for (const next of [mode, siteName, wrongPeer])
            assert.match(next, /consent with mirroring\.consent\./);
        assert.equal(repair({ consent: { changeMode: "moved to Cinder" } }).mode, BY_UP);
    });
});

describe("a volume type's drift", () => {
    const type = parseTopology(goodTopology()).volumeTypes[0] as (typeof topology.volumeTypes)[0];
    const specs = { volume_backend_name: "ceph", replication_enabled: "<is> True" };
    const of = (extra_specs: Record<string, string>, is_public = true) =>
        faults(volumeTypeDrift(type, { name: "replicated", is_public, extra_specs }));
    it("is a spec that says something else, is missing or is new; and the access", () => {
        assert.deepEqual(of(specs), []);
        assert.deepEqual(of({ ...specs, replication_enabled: "<is> true" }), [
            "drifted: extra spec replication_enabled: '<is> true' / '<is> True'",
        ]);
        assert.deepEqual(of({ volume_backend_name: "ceph" }), [
            "drifted: extra spec replication_enabled: missing / '<is> True'",
        ]);
        assert.deepEqual(of({ ...specs, multiattach: "<is> True" }), [
            "drifted: extra spec multiattach: '<is> True' / missing",
        ]);
        assert.deepEqual(of(specs, false), ["drifted: access: private / public"]);
        assert.deepEqual(faults(volumeTypeDrift(type, undefined)), [
            "drifted: volume type: missing in Cinder / there",
        ]);
    });
});

describe("an image's drift", () => {
    it("is a missing feature or mirroring that is off", () => {
        const mirroring = { mode: "journal", state: "enabled", primary: true };
        const features = ["layering", "exclusive-lock", "journaling"];
        const of = (info: Parameters<typeof imageDrift>[2]) =>
            imageDrift("ceph", "volumes/v", info)?.found;
        assert.equal(of({ sizeBytes: 1, features, mirroring }), undefined);
        assert.equal(of({ sizeBytes: 1, features }), "mirroring disabled");
        assert.equal(
            of({ sizeBytes: 1, features: ["layering", "exclusive-lock"] }),
            "mirroring disabled, without journaling",
        );
        assert.equal(of(undefined), "missing");
    });
});
