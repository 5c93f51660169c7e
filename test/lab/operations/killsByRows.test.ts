import { strict as assert } from "node:assert";

import { expectCode, lab, thenLabUp } from "../support";
import { replayedFleet } from "../replayedFleet";
import { has, killedAfterEach } from "./killedAfterEach";

describe("an operation by rows, and one that stays, killed after every entry of its journal", function () {
    this.timeout(1_800_000);
    const fleet = replayedFleet("killsrows");

    it("goes over forced by the rows of every host, though all live", async () => {
        await fleet.write("primary");
        await fleet.replayed("primary");
        lab("kill", "primary");
        await thenLabUp(async () => {
            const flags = await fleet.consents("forced");
            const words = ["failover", "--forced", "--write-all-rows", ...flags];
            const kills = await killedAfterEach(fleet, words);
            for (const host of ["cinder-a", "cinder-b"])
                has(kills, `noted stopping ${host}@ceph`, `noted stopped ${host}`);
            has(kills, "noted writing rows", "done move", "started start", "noted started");
            has(kills, "started writable", "done start rbd-mirror", "done thaw");
            assert.doesNotMatch(kills.join(), /failover-host/);
            await fleet.expectAllOn("secondary");
            await fleet.write("secondary");
            await fleet.expectBytes("secondary");
        });
    });

    it("has the old primary follow, and stays where it is", async () => {
        const discarded = ["--accept-loss", "discarded=2"];
        const kills = await killedAfterEach(fleet, ["failback", "--resync-only", ...discarded]);
        has(kills, "started discard", "noted resynced", "noted settled");
        await fleet.expectAllOn("secondary");
        await fleet.write("secondary");
        await fleet.replayed("secondary");
        await fleet.expectBytes("primary");
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
    });
});
