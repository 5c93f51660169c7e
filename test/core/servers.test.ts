import assert from "node:assert/strict";

import { byRefresh, inOrder, planServer, toReattach } from "../../core/serverPlan";
import {
    connectionFault,
    expectedConnection,
    hasStayed,
    type Server,
    type ServerVolume,
} from "../../core/servers";
import { parseTopology } from "../../core/topology";
import { goodTopology } from "../support/topology";

const [backend] = parseTopology(goodTopology()).backends;
assert.ok(backend);
const { replicationDevice: device } = backend;
const onPrimary = expectedConnection(backend, "primary");
const onSecondary = expectedConnection(backend, "secondary");

const server = (more: Partial<Server> = {}): Server => ({
    id: "s",
    name: "web",
    projectId: "p",
    status: "ACTIVE",
    locked: false,
    host: "compute-1",
    ephemeral: 0,
    swap: 0,
    ...more,
});
const volume = (more: Partial<ServerVolume> = {}): ServerVolume => ({
    volumeId: "v",
    volumeName: "data",
    status: "in-use",
    device: "/dev/vdb",
    isRoot: false,
    deleteOnTermination: false,
    fault: "it is old",
    ...more,
});
const root = (more: Partial<ServerVolume> = {}) =>
    volume({ device: "/dev/vda", isRoot: true, ...more });

describe("an attachment's connection", () => {
    it("leads to the active site by cluster, user and secret", () => {
        assert.deepEqual(onPrimary, {
            cluster_name: "ceph",
            auth_username: "cinder",
            secret_uuid: backend.secretUuid,
        });
        assert.equal(onSecondary.cluster_name, device.backendId);
        assert.equal(onSecondary.secret_uuid, device.secretUuid);
        assert.equal(connectionFault(onPrimary, onPrimary), undefined);
    });
    it("leads nowhere while it is only reserved", () => {
        assert.equal(connectionFault({}, onPrimary), undefined);
    });
    const faults: [what: string, seen: object, fault: string][] = [
        [
            "another cluster",
            onSecondary,
            `its connection names cluster '${device.backendId}', active is 'ceph'`,
        ],
        [
            "the other cluster's secret",
            { ...onPrimary, secret_uuid: device.secretUuid },
            `its connection names secret '${device.secretUuid}', must be '${backend.secretUuid}': libvirt has another cluster's key there`,
        ],
        [
            "no secret",
            { ...onPrimary, secret_uuid: null },
            `its connection names secret '', must be '${backend.secretUuid}': libvirt has another cluster's key there`,
        ],
        [
            "another user",
            { ...onPrimary, auth_username: "nova" },
            "its connection names user 'nova', must be 'cinder'",
        ],
    ];
    for (const [what, seen, fault] of faults)
        it(`is wrong with ${what}`, () => {
            assert.equal(connectionFault(seen, onPrimary), fault);
        });
});

describe("a volume's data", () => {
    const stays = (
        status: string,
        replicationStatus: string | null,
        seen: object = onPrimary,
    ): boolean => hasStayed({ status, replicationStatus }, seen, onSecondary);
    it("has stayed on the site that was left when it is not replicated", () => {
        assert.ok(stays("error", "not-capable"));
        assert.ok(stays("in-use", "disabled"));
        assert.ok(stays("error", null));
        // Cinder moves it as replicated.
        assert.ok(!stays("in-use", null));
        assert.ok(!stays("error", "failover-error"));
        assert.ok(!stays("in-use", "failed-over"));
    });
    it("is where the connection leads, and nowhere known while there is none", () => {
        assert.ok(!stays("in-use", "not-capable", { ...onSecondary, secret_uuid: "x" }));
        assert.ok(!stays("error", "not-capable", {}));
    });
});

describe("a server's cure", () => {
    const cases: [
        what: string,
        given: Server,
        volumes: ServerVolume[],
        cure: string,
        why: RegExp,
    ][] = [
        [
            "nothing is wrong",
            server(),
            [{ ...volume(), fault: undefined } as never],
            "none",
            /lead to/,
        ],
        ["a data volume", server(), [volume()], "reattach", /detach and attach 1 data/],
        [
            "a stopped server's data volume",
            server({ status: "SHUTOFF" }),
            [volume()],
            "reattach",
            /./,
        ],
        ["a root volume", server(), [root(), volume()], "shelve", /another host/],
        [
            "a suspended server's root volume",
            server({ status: "SUSPENDED" }),
            [root()],
            "shelve",
            /./,
        ],
        [
            "a suspended server's data volume",
            server({ status: "SUSPENDED" }),
            [volume()],
            "by hand",
            /resume it/,
        ],
        [
            "an ephemeral disk beside the root volume",
            server({ ephemeral: 5 }),
            [root()],
            "by hand",
            /would lose/,
        ],
        ["swap beside the root volume", server({ swap: 512 }), [root()], "by hand", /would lose/],
        [
            "an ephemeral disk beside a data volume",
            server({ ephemeral: 5 }),
            [volume()],
            "reattach",
            /./,
        ],
        [
            "a volume in error",
            server(),
            [volume({ status: "error" })],
            "by hand",
            /is 'error' in Cinder/,
        ],
        [
            "a locked server",
            server({ locked: true }),
            [volume()],
            "by hand",
            /openstack server unlock s/,
        ],
        [
            "a busy server",
            server({ taskState: "image_snapshot" }),
            [volume()],
            "by hand",
            /\(image_snapshot\)/,
        ],
        [
            "a server in ERROR",
            server({ status: "ERROR" }),
            [root()],
            "by hand",
            /nova-manage volume_attachment refresh s v/,
        ],
        [
            "a shelved server that is not offloaded",
            server({ status: "SHELVED" }),
            [volume()],
            "by hand",
            /`openstack server shelve --offload s` \(`nova shelve-offload s`\)/,
        ],
        [
            "a shelved and offloaded server, which has no connection",
            server({ status: "SHELVED_OFFLOADED", host: "" }),
            [{ ...volume(), fault: undefined } as never],
            "none",
            /./,
        ],
        ...["UNKNOWN", "DOWN"].map((hostStatus): (typeof cases)[number] => [
            `a compute host that is ${hostStatus}`,
            server({ hostStatus }),
            [root()],
            "by hand",
            new RegExp(
                `^its compute host compute-1 is down \\(Nova's host_status: ${hostStatus}\\): be sure that it is off, then \`openstack server evacuate s\`: .*; \`--reattach --evacuate compute-1\` does that for all its servers$`,
            ),
        ]),
        ...["UP", "MAINTENANCE"].map((hostStatus): (typeof cases)[number] => [
            `a compute host that is ${hostStatus}`,
            server({ hostStatus }),
            [volume()],
            "reattach",
            /./,
        ]),
        [
            "a lost host's server that Nova was at work on",
            server({ hostStatus: "UNKNOWN", taskState: "powering-off" }),
            [volume()],
            "by hand",
            /`openstack server set --state error s`, .* \(powering-off\), then `openstack server evacuate s`/,
        ],
        [
            "a lost host's suspended server",
            server({ hostStatus: "UNKNOWN", status: "SUSPENDED" }),
            [volume()],
            "by hand",
            /^its compute host .* Nova evacuates no SUSPENDED server: bring the host back$/,
        ],
        [
            "a lost host's server with a volume in error",
            server({ hostStatus: "UNKNOWN" }),
            [volume({ status: "error" })],
            "by hand",
            /is 'error' in Cinder.*; then its compute host .* evacuate s/,
        ],
        [
            "a volume that is not replicated",
            server(),
            [volume({ status: "error", onlyOn: "paris" })],
            "by hand",
            /^volume data \(v\) is not replicated: its data is on paris only; it comes back with the failback; to serve without it, detach it \(`cinder reset-state --state in-use v`, then `openstack server remove volume s v`\), and attach it again after the failback$/,
        ],
        [
            "a volume that is not replicated beside one that is",
            server(),
            [volume({ onlyOn: "paris" }), volume({ volumeId: "w" })],
            "by hand",
            /detach it \(`openstack server remove volume s v`\).*; without it, run this again: detach and attach 1 data volume\(s\)$/,
        ],
        [
            "a volume that is not replicated beside a root volume that is",
            server(),
            [volume({ onlyOn: "paris" }), root()],
            "by hand",
            /; without it, run this again: it boots from the volume: shelve/,
        ],
        [
            "a root volume that is not replicated",
            server(),
            [root({ onlyOn: "paris" }), volume()],
            "by hand",
            /on paris only; it comes back with the failback, and the server boots from it$/,
        ],
        [
            "a lost host's server with a volume that is not replicated",
            server({ hostStatus: "DOWN" }),
            [volume({ onlyOn: "paris" })],
            "by hand",
            /^its compute host .*; volume data .* failback, and Nova neither detaches it before nor evacuates a server with it, which ends in ERROR$/,
        ],
        [
            "a server being resized",
            server({ status: "VERIFY_RESIZE" }),
            [volume()],
            "by hand",
            /VERIFY_RESIZE/,
        ],
    ];
    for (const [what, given, volumes, cure, why] of cases)
        it(`${what}: ${cure}`, () => {
            const plan = planServer(given, volumes);
            assert.equal(plan.cure, cure);
            assert.match(plan.why, why);
            // They keep the old connection, and may put the server in ERROR.
            assert.doesNotMatch(plan.why, /reboot/);
        });

    it("by hand is a whole sequence of commands", () => {
        assert.equal(
            byRefresh(server(), [root(), volume({ volumeId: "w" })]),
            "openstack server stop s; on compute-1: nova-manage volume_attachment get_connector --json > connector.json; on compute-1: nova-manage volume_attachment refresh s v connector.json; on compute-1: nova-manage volume_attachment refresh s w connector.json; openstack server start s",
        );
    });

    it("goes by names, and by devices within a server", () => {
        const plans = ["b", "a"].map((name) => planServer(server({ name }), [volume()]));
        assert.deepEqual(
            inOrder(plans).map(({ name }) => name),
            ["a", "b"],
        );
        const plan = planServer(server(), [
            volume({ device: "/dev/vdc" }),
            volume({ device: "/dev/vdb" }),
            root(),
        ]);
        assert.deepEqual(
            toReattach(plan).map(({ device }) => device),
            ["/dev/vdb", "/dev/vdc"],
        );
    });
});
