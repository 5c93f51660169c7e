import assert from "node:assert/strict";

import {
    byRefresh,
    connectionFault,
    expectedConnection,
    inOrder,
    planServer,
    toReattach,
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
