import { strict as assert } from "node:assert";

import { Fleet } from "./fleet";
import { expectCode, lab, labTopology, thenLabUp, up } from "./support";

/** One planned and one forced round trip, on two volumes. */
describe("a round trip on the lab", () => {
    const topology = labTopology();
    const fleet = new Fleet(topology, "round");

    before(async () => {
        lab("up");
        expectCode(await up(topology), 0);
        await fleet.make(2);
    });
    after(() => fleet.close());

    it("refuses a loss that nobody consented to, and changes nothing", async () => {
        const { output } = expectCode(await fleet.dr("failover", "--planned"), 3);
        assert.match(output, /refused/);
        assert.ok(
            (await fleet.cinder.services()).every(
                (row) => !row.active_backend_id && row.frozen !== true,
            ),
        );
    });

    it("goes over and back planned, and loses no byte", async () => {
        await fleet.write("primary");
        await fleet.ready("planned", false);
        expectCode(
            await fleet.dr("failover", "--planned", ...(await fleet.consents("planned"))),
            0,
        );
        await fleet.expectBytes("secondary");
        await fleet.write("secondary");
        await fleet.ready("failback", false);
        expectCode(await fleet.dr("failback"), 0);
        await fleet.expectBytes("primary");
        expectCode(await fleet.dr("status"), 0);
    });

    it("goes over forced when the primary is killed, and back without a fork", async () => {
        await fleet.write("primary");
        await fleet.replayed("primary");
        lab("kill", "primary");
        await thenLabUp(async () => {
            expectCode(
                await fleet.dr("failover", "--forced", ...(await fleet.consents("forced"))),
                0,
            );
            await fleet.write("secondary");
            await fleet.expectBytes("secondary");
        });
        const naive = expectCode(await fleet.dr("failback"), 3);
        assert.match(naive.output, /--accept-loss discarded=2/);
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await fleet.expectBytes("primary");
        await fleet.replayed("primary");
        await fleet.expectBytes("secondary");
        expectCode(await fleet.dr("status"), 0);
    });
});
