import { strict as assert } from "node:assert";

import type { Role } from "../../../core/topology/site";
import { Fleet } from "../fleet";
import { expectCode, lab, labTopology, thenLabUp, up } from "../support";

const POOL = "fast";

/** Two backends of the same two clusters: one is moved, the other stays and is served. */
describe("two backends on the lab", () => {
    const topology = labTopology();
    topology.backends[POOL] = {
        ...topology.backends.ceph,
        volumeBackendName: POOL,
        pool: POOL,
        replicationDevice: { ...topology.backends.ceph.replicationDevice, pool: POOL },
    };
    for (const name of Object.keys(topology.hosts as object))
        topology.hosts[name].backends = ["ceph", POOL];
    topology.volumeTypes[POOL] = { ...topology.volumeTypes.replicated, backend: POOL };
    const moved = new Fleet(topology, "moved", { section: POOL, pool: POOL, type: POOL });
    const stays = new Fleet(topology, "stays");

    /** A second mirrored pool for the same users, as the lab makes its first. */
    async function mirrorPool(): Promise<void> {
        const { sites } = stays.parts;
        const ceph = async (role: Role, ...words: string[]) => {
            const { code, stderr } = await sites[role].ceph(words);
            assert.equal(code, 0, stderr);
        };
        for (const role of ["primary", "secondary"] as const) {
            await ceph(role, "osd", "pool", "create", POOL, "8");
            await sites[role].rbd(["pool", "init", POOL]);
            await sites[role].rbd(["mirror", "pool", "enable", POOL, "image", "--site-name", role]);
            const pools = `profile rbd pool=volumes, profile rbd pool=${POOL}`;
            await ceph(
                role,
                ...["auth", "caps", "client.cinder", "mon", "profile rbd"],
                ...["osd", pools, "mgr", pools],
            );
        }
        const { peers } = JSON.parse(
            (
                await sites.primary.rbd(["mirror", "pool", "info", POOL, "--format", "json"])
            ).toString(),
        ) as { peers: unknown[] };
        if (peers.length > 0) return;
        const create = ["mirror", "pool", "peer", "bootstrap", "create", "--site-name", "primary"];
        const token = await sites.primary.rbd([...create, POOL]);
        const take = ["mirror", "pool", "peer", "bootstrap", "import", "--site-name", "secondary"];
        await sites.secondary.rbd([...take, "--direction", "rx-tx", POOL, "-"], token);
    }

    before(async () => {
        lab("up");
        expectCode(await up(labTopology()), 0);
        await mirrorPool();
        expectCode(await up(topology), 0);
        await stays.make(1);
        await moved.make(2);
    });
    after(async () => {
        await moved.close();
        await stays.close();
        expectCode(await up(labTopology()), 0);
    });

    it("needs the name of the one that is meant", async () => {
        const words = moved.args("failover", "--planned");
        const { output } = expectCode(await moved.plain(...words.slice(0, -2)), 2);
        assert.match(output, /--backend must name one of ceph, fast/);
    });

    it("moves one over and back, and leaves the other where it is", async () => {
        await moved.write("primary");
        await stays.write("primary");
        await moved.ready("planned");
        const over = ["failover", "--planned", ...(await moved.consents("planned"))];
        expectCode(await moved.dr(...over), 0);
        await moved.expectAllOn("secondary");
        await stays.expectAllOn("");
        await moved.expectBytes("secondary");
        await stays.write("primary");
        const { output } = await moved.plain(...moved.args("status").slice(0, -2));
        assert.match(output, /ceph: active on primary; protected 1 of \d+ replicated/);
        assert.match(output, /fast: active on secondary; protected 2 of 2/);
        await moved.ready("failback");
        expectCode(await moved.dr("failback", ...(await moved.consents("failback"))), 0);
        await moved.expectAllOn("");
        await moved.expectBytes("primary");
        await stays.expectBytes("primary");
    });

    it("goes over forced, one after the other: they share rbd-mirror and each host's cinder-volume", async () => {
        for (const fleet of [moved, stays]) {
            await fleet.write("primary");
            await fleet.replayed("primary");
        }
        lab("kill", "primary");
        await thenLabUp(async () => {
            const flags = await moved.consents("forced");
            const over = ["failover", "--forced"];
            const first = await stays.during(
                stays.hasCalled,
                async () => {
                    const { output } = expectCode(await moved.dr(...over, ...flags), 3);
                    assert.match(output, /runs `failover --forced` since .*-failover-ceph-/);
                },
                [...over, ...(await stays.consents("forced"))],
            );
            assert.ok(first.acted);
            expectCode(first, 0);
            const rows = await moved.dr(...over, "--write-all-rows", ...flags);
            const said = /warning backend ceph: is served by the cinder-volume of fast's/;
            assert.match(expectCode(rows, 0).output, said);
            for (const fleet of [moved, stays]) {
                await fleet.expectAllOn("secondary");
                await fleet.write("secondary");
                await fleet.expectBytes("secondary");
            }
        });
        for (const fleet of [moved, stays]) {
            expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
            await fleet.expectAllOn("");
            await fleet.expectBytes("primary");
        }
    });
});
