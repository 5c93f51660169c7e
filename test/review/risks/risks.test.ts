import { strict as assert } from "node:assert";

import type { TopologyInput } from "../../../core/topology";
import { compare } from "../../../review/changes";
import { planRollout } from "../../../review/rollout";
import { HOST_KEY, uuid, withValue } from "../../support/topology";
import { backend, declared, named, risksBetween, twoBackends } from "../support";

/** A change to the topology of two backends, and every risk that it brings. */
const CHANGES: readonly [what: string, path: string, value: unknown, risks: string[]][] = [
    ["nothing", "release", undefined, []],
    ["a description", "volumeTypes/replicated/description", "mirrored", []],
    [
        "another backend_id",
        "backends/ceph/replicationDevice/backendId",
        "nice",
        [
            "high backend-id-changed ceph",
            "high replication-target-changed ceph",
            "medium both-sites-touched",
        ],
    ],
    [
        "another conf of the target",
        "backends/ceph/replicationDevice/conf",
        "/etc/ceph/other.conf",
        ["high replication-target-changed ceph", "medium both-sites-touched"],
    ],
    [
        "another pool",
        "backends/fast/pool",
        "faster",
        ["critical pool-changed fast", "medium both-sites-touched"],
    ],
    [
        "another primary cluster",
        "backends/fast/conf",
        "/etc/ceph/x.conf",
        ["critical primary-cluster-changed fast", "medium both-sites-touched"],
    ],
    [
        "another volume_backend_name",
        "backends/fast/volumeBackendName",
        "faster",
        [
            "critical volume-type-replaced replicated-fast",
            "high volume-backend-name-changed fast",
            "medium both-sites-touched",
        ],
    ],
    [
        "a libvirt secret",
        "backends/fast/secretUuid",
        "00000000-0000-4000-8000-000000000099",
        ["high libvirt-secret-changed fast", "medium both-sites-touched"],
    ],
    [
        "a longer timeout",
        "backends/fast/radosConnectTimeoutSeconds",
        20,
        ["medium both-sites-touched", "medium timeout-loosened fast"],
    ],
    [
        "a very long timeout",
        "backends/fast/replicationConnectTimeoutSeconds",
        300,
        ["high timeout-loosened fast", "medium both-sites-touched"],
    ],
    [
        "a shorter timeout",
        "backends/fast/radosConnectTimeoutSeconds",
        3,
        ["medium both-sites-touched"],
    ],
    ["a host less", "hosts/cinder-c", undefined, ["high host-removed cinder-c"]],
    [
        "a host without its backend",
        "hosts/cinder-b/backends",
        ["ceph"],
        ["high backend-left-host cinder-b"],
    ],
    [
        "a host's address",
        "hosts/cinder-c/address",
        "192.0.2.9",
        ["high host-address-changed cinder-c"],
    ],
    [
        "a host's other key",
        "hosts/cinder-c/hostKey",
        HOST_KEY.replace("HBwcH", "IBwcH"),
        ["high host-key-changed cinder-c"],
    ],
    [
        "a host's other file",
        "hosts/cinder-c/configFile",
        "/etc/cinder/other.conf",
        ["high config-file-changed cinder-c"],
    ],
    [
        "a host's other unit",
        "hosts/cinder-c/service",
        { systemd: { unit: "openstack-cinder-volume" } },
        ["medium service-changed cinder-c"],
    ],
    [
        "a consent",
        "hosts/cinder-c/consent",
        { unreachableTarget: "CHG-1" },
        ["high consent-given cinder-c"],
    ],
    ["a check left out", "hosts/cinder-c/skipChecks", ["health"], ["high check-skipped cinder-c"]],
    [
        "a private type",
        "volumeTypes/replicated/isPublic",
        false,
        ["high volume-type-hidden replicated"],
    ],
    [
        "an unprotected type",
        "volumeTypes/replicated/protect",
        false,
        ["high protection-of-type-removed replicated"],
    ],
    [
        "another spec",
        "volumeTypes/replicated/extraSpecs",
        { tier: "gold" },
        ["critical volume-type-replaced replicated"],
    ],
    [
        "a type less",
        "volumeTypes/replicated-fast",
        undefined,
        ["critical volume-type-deleted replicated-fast"],
    ],
    [
        "a host that cannot be reached",
        "hosts/cinder-c/unreachable",
        "CHG-2",
        ["high host-left-out cinder-c"],
    ],
    [
        "a key that is to take the place of a host's",
        "hosts/cinder-c/nextHostKey",
        HOST_KEY.replace("HBwcH", "IBwcH"),
        ["high host-key-changed cinder-c"],
    ],
    [
        "a host's other site",
        "hosts/cinder-c/site",
        "primary",
        ["medium host-site-changed cinder-c"],
    ],
    [
        "a keyring at another place",
        "backends/fast/replicationDevice/keyring",
        "/etc/ceph/dr.keyring",
        ["high keyring-moved fast"],
    ],
    ["a pause", "rollout", { pauseSeconds: 60 }, []],
    ["a release that is named", "release", "2023.1", ["medium release-changed"]],
    [
        "a user whose libvirt secret stays",
        "backends/fast/user",
        "quick",
        ["high ceph-user-changed fast", "high ceph-user-changed fast", "medium both-sites-touched"],
    ],
    [
        "a target's user whose libvirt secret stays",
        "backends/fast/replicationDevice/user",
        "quick",
        ["high ceph-user-changed fast", "medium both-sites-touched"],
    ],
    [
        "an option that no rule knows",
        "backends/fast/options",
        { report_dynamic_total_capacity: false },
        ["medium both-sites-touched", "medium option-changed fast"],
    ],
    ["a host's cluster", "hosts/cinder-c/cluster", "ha", ["medium host-cluster-changed cinder-c"]],
    ["a host's login", "hosts/cinder-c/user", "deploy", ["medium ssh-login-changed cinder-c"]],
    [
        "a host's service user",
        "hosts/cinder-c/serviceUser",
        "cinder2",
        ["medium service-user-changed cinder-c"],
    ],
    [
        "a jump host where there was none",
        "hosts/cinder-c/proxy",
        { address: "192.0.2.99", hostKey: HOST_KEY },
        ["medium jump-host-changed cinder-c"],
    ],
    ["no canary", "rollout", { canary: 0 }, ["high canary-removed"]],
    ["a larger batch", "rollout", { batch: 2 }, ["medium batch-raised"]],
    ["a longer window", "timeouts", { healthSeconds: 600 }, ["medium push-timeout-loosened"]],
    ["another site", "sites/secondary/name", "nice", ["high site-renamed"]],
];

describe("the risks of a change", () => {
    for (const [what, path, value, risks] of CHANGES)
        it(`of ${what}: ${risks.length === 0 ? "none" : risks.join(", ")}`, () => {
            const after = withValue(path, value, twoBackends());
            assert.deepEqual(named(risksBetween(twoBackends(), after)).sort(), [...risks].sort());
        });

    it("tell a renamed section from a removed one", () => {
        const rest = { ceph: backend("volumes", 1) };
        const without = {
            ...twoBackends(),
            backends: rest,
            volumeTypes: { replicated: { backend: "ceph" } },
        };
        assert.deepEqual(named(risksBetween(twoBackends(), without)), [
            "critical last-replication-device-removed fast",
            "critical volume-type-deleted replicated-fast",
            "medium both-sites-touched",
        ]);
        const renamed = {
            ...twoBackends(),
            backends: { ...rest, quick: { ...backend("fast", 3), volumeBackendName: "fast" } },
            hosts: { "cinder-a": { hostKey: HOST_KEY } },
            volumeTypes: {
                replicated: { backend: "ceph" },
                "replicated-fast": { backend: "quick" },
            },
        };
        const names = named(risksBetween(twoBackends(), renamed));
        assert.ok(names.includes("critical section-renamed fast"), names.join("\n"));
    });

    it("see the Ceph side taken over, changed and given back", () => {
        const managed = (change: object = {}) => ({
            ...twoBackends(),
            mirroring: { createPools: {}, ...change },
        });
        const consent = { changeMode: "CHG-3" };
        const users = { cinder: { osd: ["profile rbd pool=vms"] } };
        assert.deepEqual(named(risksBetween(twoBackends(), managed())), ["high ceph-side-managed"]);
        assert.deepEqual(named(risksBetween(twoBackends(), managed({ consent }))), [
            "high ceph-side-managed",
            "high consent-given volumes",
            "high consent-given fast",
        ]);
        assert.deepEqual(named(risksBetween(managed(), managed({ users }))), [
            "high ceph-caps-changed paris",
            "high ceph-caps-changed lyon",
        ]);
        assert.deepEqual(named(risksBetween(managed(), twoBackends())).sort(), [
            "critical mirroring-taken-back fast",
            "critical mirroring-taken-back volumes",
        ]);
        const orchestrated = withValue(
            "sites/secondary/rbdMirror",
            { orchestrator: { placement: "count:1" } },
            managed(),
        );
        assert.deepEqual(named(risksBetween(managed(), orchestrated)), [
            "high rbd-mirror-changed lyon",
        ]);
        const prefixed = withValue(
            "sites/secondary/commandPrefix",
            ["cephadm", "shell", "--"],
            managed(),
        );
        assert.deepEqual(named(risksBetween(managed(), prefixed)), [
            "medium cluster-access-changed lyon",
        ]);
    });

    it("see that a user comes with a libvirt secret of its own", () => {
        const own = {
            ...backend("fast", 3),
            user: "quick",
            secretUuid: uuid(8),
            replicationDevice: { backendId: "lyon", secretUuid: uuid(9) },
        };
        const users = risksBetween(twoBackends(), withValue("backends/fast", own, twoBackends()))
            .filter(({ name }) => name === "ceph-user-changed")
            .map(({ level }) => level);
        assert.deepEqual(users, ["medium", "medium"]);
    });

    it("see a host that gets another name for the same file", () => {
        const { "cinder-c": host, ...hosts } = twoBackends().hosts;
        const after = {
            ...twoBackends(),
            hosts: { ...hosts, "cinder-cc": { ...host, hostKey: HOST_KEY, address: "cinder-c" } },
        };
        const risks = risksBetween(twoBackends(), after);
        assert.deepEqual(named(risks), ["medium host-renamed cinder-c"]);
        assert.equal(
            risks[0]?.fact,
            "becomes 'cinder-cc' of the same machine and file: 'cinder-cc' is pushed first, and the removal of 'cinder-c' then leaves the file as it is",
        );
        const unpushed = withValue("hosts/cinder-cc/unreachable", "its mainboard is gone", after);
        assert.deepEqual(named(risksBetween(twoBackends(), unpushed)).sort(), [
            "high host-left-out cinder-cc",
            "high host-removed cinder-c",
        ]);
    });

    it("see what else changes of a host that gets another name", () => {
        const { "cinder-b": host, ...hosts } = twoBackends().hosts;
        const now = { ...host, address: "cinder-b", backends: ["ceph"], serviceUser: "nova" };
        const risks = risksBetween(twoBackends(), {
            ...twoBackends(),
            hosts: { ...hosts, "cinder-bb": { ...now, hostKey: `${HOST_KEY}A` } },
        });
        assert.deepEqual(named(risks), [
            "high backend-left-host cinder-bb",
            "high host-key-changed cinder-bb",
            "medium host-renamed cinder-b",
            "medium service-user-changed cinder-bb",
        ]);
    });

    it("name each consent, exemption and limit, also of one subject", () => {
        const consent = { unreachableTarget: "CHG-1", failedOver: "CHG-2" };
        const host = { hostKey: HOST_KEY, site: "primary" as const, consent };
        const after = {
            ...twoBackends(),
            hosts: { ...twoBackends().hosts, "cinder-a": host },
            timeouts: { healthSeconds: 600, applySeconds: 900 },
        };
        assert.deepEqual(named(risksBetween(twoBackends(), after)), [
            "high consent-given cinder-a",
            "high consent-given cinder-a",
            "medium push-timeout-loosened",
            "medium push-timeout-loosened",
        ]);
    });

    it("see both sites touched, one of them by a host that leaves", () => {
        const { "cinder-c": gone, ...hosts } = twoBackends().hosts;
        const after = {
            ...twoBackends(),
            hosts: {
                ...hosts,
                "cinder-a": { hostKey: HOST_KEY, site: "primary" as const, backends: ["ceph"] },
            },
        };
        assert.ok(gone !== undefined);
        const risks = risksBetween(twoBackends(), after);
        assert.deepEqual(named(risks), [
            "high backend-left-host cinder-a",
            "high host-removed cinder-c",
            "medium both-sites-touched",
        ]);
        assert.match(risks[1]?.lasting ?? "", /have no copy/);
    });

    it("call a release as people do", () => {
        const of = (release: string) => withValue("release", release, twoBackends());
        const [risk] = risksBetween(of("zed"), of("train"));
        assert.match(risk?.fact ?? "", /^release goes from 'zed' \(21\) to 'train' \(15\): /);
    });

    it("see sites that change places, and a pause that gets shorter", () => {
        const { sites } = twoBackends();
        const exchanged = {
            ...twoBackends(),
            sites: { primary: sites.secondary, secondary: sites.primary },
        };
        assert.deepEqual(named(risksBetween(twoBackends(), exchanged)), [
            "critical sites-exchanged",
        ]);
        const paused = withValue("rollout", { pauseSeconds: 60 }, twoBackends());
        assert.deepEqual(named(risksBetween(paused, twoBackends())), ["medium pause-shortened"]);
    });

    it("see files and secrets that the stack takes away from hosts again", () => {
        const managed = (change: object = {}) => ({
            ...twoBackends(),
            mirroring: { clientFiles: {} },
            computes: { "nova-1": { hostKey: HOST_KEY } },
            ...change,
        });
        assert.deepEqual(named(risksBetween(managed(), managed({ mirroring: {} }))), [
            "critical client-files-taken-back",
        ]);
        assert.deepEqual(named(risksBetween(managed(), managed({ computes: {} }))), [
            "high libvirt-secrets-taken-back nova-1",
        ]);
        const grouped = { mirroring: { clientFiles: { group: "others" } } };
        assert.deepEqual(named(risksBetween(managed(), managed(grouped))), [
            "medium client-files-changed",
        ]);
    });

    it("see what the Ceph side loses with a site's name, and with its last daemon", () => {
        const daemons = { hosts: { "ceph-lyon": { hostKey: HOST_KEY } } };
        const managed = (name: string, rbdMirror?: object) => {
            const { primary, secondary } = twoBackends().sites;
            return {
                ...twoBackends(),
                mirroring: {},
                sites: { primary, secondary: { ...secondary, name, rbdMirror } },
            } as ReturnType<typeof twoBackends>;
        };
        const renamed = risksBetween(managed("lyon"), managed("nice"));
        assert.deepEqual(named(renamed), [
            "critical site-of-mirroring-renamed lyon",
            "high site-renamed",
        ]);
        // Without the Ceph side a name is only a name.
        const plain = withValue("sites/secondary/name", "nice", twoBackends());
        assert.deepEqual(named(risksBetween(twoBackends(), plain)), ["high site-renamed"]);
        const risks = named(risksBetween(managed("lyon", daemons), managed("lyon")));
        assert.equal(risks[0], "critical last-rbd-mirror-removed lyon");
        assert.ok(
            !named(risksBetween(managed("lyon"), managed("lyon", daemons))).some((risk) =>
                risk.includes("last-rbd-mirror-removed"),
            ),
        );
    });

    it("see that a host which cannot be reached loses a backend later", () => {
        const host = {
            hostKey: HOST_KEY,
            site: "secondary" as const,
            backends: ["fast"],
            unreachable: "dark",
        };
        const after = {
            ...twoBackends(),
            hosts: { ...twoBackends().hosts, "cinder-c": host },
        };
        const risk = risksBetween(twoBackends(), after).find(
            ({ name }) => name === "backend-left-host",
        );
        assert.match(risk?.fact ?? "", /nothing is applied to it now, but the first push/);
        // No side of the later change has the section: only the mark tells that something is missing.
        const back = withValue("hosts/cinder-c/unreachable", undefined, after);
        assert.deepEqual(named(risksBetween(after, back)), ["medium host-reached-again cinder-c"]);
    });

    it("see a compute host that gets another name and keeps its secrets", () => {
        const computes = (all: TopologyInput["computes"]) => ({
            ...twoBackends(),
            mirroring: {},
            computes: all,
        });
        const nova = { hostKey: HOST_KEY, address: "192.0.2.9" };
        const before = computes({ "nova-1": nova });
        assert.deepEqual(named(risksBetween(before, computes({ "nova-one": nova }))), [
            "medium compute-host-renamed nova-1",
        ]);
        // What else of it changes is no less a change for the new name.
        const uri = { ...nova, uri: "qemu+unix:///system" };
        assert.deepEqual(named(risksBetween(before, computes({ "nova-one": uri }))), [
            "high libvirt-secret-changed nova-1",
            "medium compute-host-renamed nova-1",
        ]);
        const elsewhere = { ...nova, address: "192.0.2.10" };
        assert.deepEqual(named(risksBetween(before, computes({ "nova-one": elsewhere }))), [
            "high libvirt-secrets-taken-back nova-1",
        ]);
        // A name that was there before need not be pushed, and takes over nothing then.
        const both = computes({ "nova-1": nova, "nova-2": nova });
        assert.deepEqual(named(risksBetween(both, computes({ "nova-2": nova }))), [
            "high libvirt-secrets-taken-back nova-1",
        ]);
    });

    it("see that a protection goes which guards a replacement in the same change", () => {
        const type = { backend: "ceph", protect: false, extraSpecs: { tier: "gold" } };
        const after = withValue("volumeTypes/replicated", type, twoBackends());
        const protect = risksBetween(twoBackends(), after).find(
            ({ name }) => name === "protection-of-type-removed",
        );
        assert.match(protect?.fact ?? "", /does not refuse to replace it in this same change/);
    });

    it("see that volumes of another pool are not found after a revert", () => {
        const after = withValue("backends/fast/pool", "faster", twoBackends());
        const risk = risksBetween(twoBackends(), after).find(({ name }) => name === "pool-changed");
        assert.match(risk?.lasting ?? "", /not found there after a revert/);
    });

    it("see a type that becomes public, and one that is kept no longer", () => {
        const before = withValue(
            "volumeTypes/replicated",
            { backend: "ceph", isPublic: false, retainOnDelete: true },
            twoBackends(),
        );
        const risks = risksBetween(before, twoBackends());
        assert.deepEqual(named(risks), [
            "medium volume-type-opened replicated",
            "medium protection-of-type-removed replicated",
        ]);
        assert.equal(
            risks[1]?.fact,
            "retainOnDelete is switched off: when it leaves the stack it is deleted in Cinder too",
        );
    });

    it("see fewer hosts tried one by one, and say where a keyring is looked for", () => {
        const many = withValue("rollout", { canary: 2 }, twoBackends());
        assert.deepEqual(named(risksBetween(many, twoBackends())), ["medium canary-lowered"]);
        const path = "backends/fast/replicationDevice/keyring";
        const [risk] = risksBetween(
            twoBackends(),
            withValue(path, "/etc/ceph/dr.keyring", twoBackends()),
        );
        assert.equal(
            risk?.fact,
            "replication_device keyring goes from '/etc/ceph/lyon.client.cinder.keyring' to '/etc/ceph/dr.keyring': the key of its failover target is expected there on each host; cinder-volume itself reads it where the conf names it, else where Ceph looks",
        );
        assert.equal(
            risk.next,
            "put the key there and name it in the conf on every host first; Ceph does not look there by itself",
        );
    });

    it("see a project that loses a type", () => {
        const mine = (projects: string[]) =>
            withValue("volumeTypes/replicated", { backend: "ceph", projects }, twoBackends());
        assert.deepEqual(named(risksBetween(mine(["a", "b"]), mine(["b"]))), [
            "high volume-type-access-removed replicated",
        ]);
    });

    it("see what overrides the driver's word to the scheduler", () => {
        const options = { extra_capabilities: '{"replication_enabled": "false"}' };
        const risks = risksBetween(
            twoBackends(),
            withValue("backends/fast/options", options, twoBackends()),
        );
        assert.deepEqual(named(risks), [
            "high capabilities-overridden fast",
            "medium both-sites-touched",
        ]);
    });

    it("keep the order of the hosts where one cannot be reached", () => {
        const before = declared(twoBackends());
        const left = withValue("hosts/cinder-b/unreachable", "CHG-2", twoBackends());
        const after = declared(withValue("backends/ceph/radosConnectTimeoutSeconds", 4, left));
        const { isOrdered, waves } = planRollout(compare(before, after));
        assert.equal(isOrdered, true);
        assert.deepEqual(
            waves.map((wave) => wave.map(({ host }) => host)),
            [["cinder-a"], ["cinder-c"]],
        );
    });

    it("see all members of a backend restarting at once", () => {
        const wide = withValue("rollout", { canary: 0, batch: "all" }, twoBackends());
        const names = named(risksBetween(wide, withValue("backends/ceph/user", "other", wide)));
        assert.ok(names.includes("high restarts-all-members ceph"), names.join("\n"));
        const narrow = named(
            risksBetween(twoBackends(), withValue("backends/ceph/user", "other", twoBackends())),
        );
        assert.ok(!narrow.some((name) => name.includes("restarts-all-members")));
    });

    it("are none when a topology is compared with itself", () => {
        assert.deepEqual(risksBetween(twoBackends(), twoBackends()), []);
    });
});
