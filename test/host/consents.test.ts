import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { REFUSALS } from "../../core/topology/refusal";
import { clientOf, SIDES, withHost, type FakeHost } from "./fakeHost";

const OTHER_POOL = [{ ...SIDES, options: { ...SIDES.options, rbd_pool: "other" } }];
const FAILED_OVER = { ceph: { activeBackendId: "secondary", replicationStatus: "failed-over" } };

const on = (host: FakeHost, changes: Record<string, unknown> = {}) =>
    host.apply({
        service: {
            container: {
                engine: join(host.root, "engine"),
                name: "cinder_volume",
                python: join(host.root, "python"),
            },
        },
        backends: [SIDES],
        skipChecks: ["health"],
        ...changes,
    });

type Refusal = (typeof REFUSALS)[number];
/** Makes a host on which a push is refused for this one reason, and answers what is asked of it then. */
type Scene = (host: FakeHost) => Record<string, unknown>;

const SCENES: Record<Refusal, Scene> = {
    unreachableTarget: (host) => {
        host.world({ rbd: { secondary: 2 } });
        return {};
    },
    failingOver: (host) => {
        host.world({ rows: { ceph: { replicationStatus: "failing-over" } } });
        return {};
    },
    activeSideUnreachable: (host) => {
        host.world({ rbd: { ceph: 2 } });
        return {};
    },
    activeDeviceRemoved: (host) => {
        host.world({ rows: FAILED_OVER });
        const renamed = { ...clientOf("lyon"), backendId: "lyon" };
        return { backends: [{ ...SIDES, target: renamed }] };
    },
    failedOver: (host) => {
        assert.equal(on(host).code, 0);
        host.world({ rows: FAILED_OVER });
        return { backends: [{ section: "lvm", options: { volume_group: "other" } }] };
    },
    identityChange: (host) => {
        host.world({ hostsAfter: { ceph: "other@ceph", lvm: "h1@lvm" } });
        return {};
    },
    guardBlind: (host) => {
        host.world({ blind: true });
        return {};
    },
    clusterUnnamed: (host) => {
        host.world({ cluster: "aa", members: { "h2@ceph": true } });
        return {};
    },
    lastMember: (host) => {
        host.world({ cluster: "aa", members: { "h2@ceph": false } });
        return { cluster: "aa" };
    },
    otherOwner: (host) => {
        assert.equal(on(host, { owner: "dr/one" }).code, 0);
        return { owner: "dr/two", backends: OTHER_POOL };
    },
    foreignClientFile: (host) => {
        const path = join(host.root, "etc/secondary.conf");
        writeFileSync(path, "[global]\nfsid = of-another-cluster\n");
        const text = "[global]\nfsid = wanted\n";
        return { files: [{ kind: "conf", path, text, fsid: "wanted" }] };
    },
};

describe("a refusal", function () {
    this.timeout(30_000);

    for (const refusal of REFUSALS)
        it(`${refusal} gives way to its own consent, and not to all the others together`, () =>
            withHost((host) => {
                host.service("restart");
                const changes = SCENES[refusal](host);
                const [before, restarts] = [host.read(), host.restarts()];
                const others = REFUSALS.filter((other) => other !== refusal);
                const consent = Object.fromEntries(others.map((other) => [other, "CHG-1"]));
                const run = on(host, { ...changes, consent });
                assert.equal(run.code, 3, run.stderr);
                assert.equal(run.result.refusal, refusal, run.stderr);
                assert.deepEqual([host.read(), host.restarts()], [before, restarts]);

                const own = on(host, { ...changes, consent: { [refusal]: "CHG-1" } });
                assert.equal(own.code, 0, own.stderr);
                assert.deepEqual([...new Set(own.result.overridden)], [refusal]);
                assert.notEqual(host.read(), before);
            }));

    it("activeSideUnreachable is about the secondary while that is the active side", () =>
        withHost((host) => {
            host.service("restart");
            host.world({ rows: FAILED_OVER, rbd: { secondary: 2 } });
            const consent = { unreachableTarget: "it is known" };
            const run = on(host, { consent });
            assert.equal(run.code, 3, run.stderr);
            assert.match(
                run.stderr,
                /cinder-dr: h1: guard: \[ceph\] its active side 'secondary' cannot be reached: rbd: couldn't connect to the cluster!\. A restart now would take failover away, which needs the running service; fail over first if that site is lost, else bring it back$/m,
            );
            assert.equal(host.restarts(), 1);
            host.world({ rows: FAILED_OVER, rbd: { ceph: 2 } });
            assert.equal(on(host).code, 0);
            assert.match(readFileSync(host.conf, "utf8"), /^replication_device/m);
        }));
});
