import { strict as assert } from "node:assert";

import { Cinder } from "../../operations/cinder";
import { findCloud } from "../../operations/cloud";
import { waitFor } from "../../operations/wait";
import {
    destroy,
    expectCode,
    labEnvironment,
    LabHost,
    labTopology,
    up,
    type Mutable,
} from "../lab/support";

const REASON = "on purpose, in a test";
const KEYRING = "/etc/ceph/secondary.client.cinder.keyring";
const AWAY = "/etc/ceph/away.keyring";
const TERTIARY = "/etc/ceph/tertiary.client.cinder.keyring";

/** A change that a push refuses while the backend is failed over, and the sentence that it ends with. */
interface Refused {
    name: string;
    change: (topology: Mutable) => void;
    /** Whether cinder-a loses its way to the active side meanwhile. */
    isLost?: boolean;
    says: string;
}

const REFUSED: Refused[] = [
    {
        name: "another backend_id for the device that is active",
        change: (t) => {
            t.backends.ceph.replicationDevice.backendId = "tertiary";
        },
        says: "cinder-dr: cinder-a: guard: [ceph] is failed over to 'secondary', and this change would take that device away: the driver would not start; fail back first, or keep this backend_id",
    },
    {
        // Named is another refusal that may stand before it, and that consent is not for this one.
        name: "the removal of a host",
        change: (t) => {
            t.hosts = { "cinder-a": t.hosts["cinder-a"] };
        },
        says: "cinder-dr: cinder-b: guard: [ceph] is failed over to 'secondary' and cannot be removed; fail back first",
    },
    {
        name: "a restart without a way to the active side",
        change: (t) => {
            t.backends.ceph.radosConnectTimeoutSeconds = 6;
            t.hosts["cinder-a"].consent = { unreachableTarget: REASON };
        },
        isLost: true,
        says: "cinder-dr: cinder-a: guard: [ceph] its active side 'secondary' cannot be reached: ",
    },
];

/** The same guards as on stand-ins, asked of a Cinder that really runs on the secondary. */
describe("a push while real Cinder is failed over", () => {
    const good = labTopology();
    const [a, b] = [new LabHost("cinder-a"), new LabHost("cinder-b")] as const;
    const cinder = new Cinder(findCloud(labEnvironment()));

    const rows = async () => (await cinder.services()).filter(({ host }) => host.endsWith("@ceph"));
    /** Moves the backend of both hosts; there are no volumes. */
    const move = async (backendId: string, status: string): Promise<void> => {
        for (const { host } of await rows()) await cinder.failoverHost(host, backendId);
        await waitFor(
            async () =>
                (await rows()).every((row) => row.replication_status === status) || undefined,
            { what: status, seconds: 90, signal: AbortSignal.timeout(120_000) },
        );
    };
    const standing = () =>
        Promise.all([a, b].map(async (host) => [await host.config(), await host.pid()]));

    before(async () => {
        expectCode(await up(good), 0);
        await move("secondary", "failed-over");
        for (const host of [a, b]) await host.sh(`cp -p ${KEYRING} ${TERTIARY}`);
    });
    after(async () => {
        for (const host of [a, b]) await host.sh(`rm -f ${TERTIARY}`);
        await move("default", "enabled");
        expectCode(await destroy(good), 0);
        for (const host of [a, b]) host.close();
        await cinder.close();
    });

    for (const { name, change, isLost = false, says } of REFUSED)
        it(`refuses ${name}`, async () => {
            const before = await standing();
            const topology = labTopology();
            change(topology);
            if (isLost) await a.sh(`mv ${KEYRING} ${AWAY}`);
            const { code, output } = await up(topology);
            if (isLost) await a.sh(`mv ${AWAY} ${KEYRING}`);
            assert.notEqual(code, 0);
            assert.ok(output.includes(says), output);
            assert.deepEqual(await standing(), before);
            expectCode(await up(good), 0);
            assert.deepEqual(await standing(), before);
        });

    it("restarts on the active side what may be changed", async () => {
        const [before] = await standing();
        const topology = labTopology();
        topology.backends.ceph.radosConnectTimeoutSeconds = 6;
        expectCode(await up(topology), 0);
        assert.notEqual(await a.pid(), before?.[1]);
        assert.match(await a.config(), /^rados_connect_timeout = 6$/m);
        for (const row of await rows()) {
            assert.equal(row.active_backend_id, "secondary");
            assert.equal(row.state, "up");
        }
    });
});
