import { replayedFleet } from "../replayedFleet";
import { expectCode } from "../support";
import { has, killedAfterEach } from "./killedAfterEach";

describe("a planned failover that is killed after every entry of its journal", function () {
    this.timeout(1_800_000);
    const fleet = replayedFleet("killsplanned");

    it("goes over planned", async () => {
        const words = ["failover", "--planned", ...(await fleet.consents("planned"))];
        const kills = await killedAfterEach(fleet, words);
        has(
            kills,
            "consented",
            "noted frozen",
            "noted moving",
            "noted failover-host cinder-a@ceph",
        );
        has(kills, "done move", "started verify", "done thaw", "done replication back");
        await fleet.expectAllOn("secondary");
        await fleet.expectBytes("secondary");
        expectCode(await fleet.dr("failback"), 0);
    });
});
