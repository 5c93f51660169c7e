import { strict as assert } from "node:assert";

import { replayedFleet } from "../replayedFleet";
import { expectCode, lab, LabHost, thenLabUp } from "../support";
import { has, killedAfterEach } from "./killedAfterEach";

describe("a forced failover and its failback, killed after every entry of their journals", function () {
    this.timeout(1_800_000);
    const fleet = replayedFleet("kills");
    const host = new LabHost("cinder-a");
    after(() => {
        host.close();
    });

    it("goes over forced, one host by Cinder and one by rows", async () => {
        await fleet.write("primary");
        await fleet.replayed("primary");
        lab("kill", "primary");
        await thenLabUp(async () => {
            // Restarted in the outage: Cinder takes no failover for it.
            await host.restartVolume();
            const flags = await fleet.consents("forced");
            const { output } = expectCode(await fleet.dr("failover", "--forced", ...flags), 3);
            assert.match(output, /PROBLEM cinder-a@ceph: .*\n +next: --write-rows stops it/);
            assert.doesNotMatch(output, /stopped by this operation/);
            const kills = await killedAfterEach(fleet, [
                "failover",
                "--forced",
                "--write-rows",
                ...flags,
            ]);
            has(kills, "noted rbd-mirror daemons", "noted saved rows", "noted stopped cinder-a");
            // A host that has been asked to write its rows does so, whoever asked it is killed.
            has(kills, "noted writing rows cinder-a@ceph", "noted started cinder-a@ceph");
            has(kills, "noted failover-host cinder-b@ceph");
            has(kills, "done move", "started writable", "done start rbd-mirror", "done thaw");
            // Stopped while its rows were written, by a run that was killed then.
            assert.notEqual(await host.pid(), "");
            await fleet.expectAllOn("secondary");
            await fleet.write("secondary");
            await fleet.expectBytes("secondary");
        });
    });

    it("comes back, throws away what was agreed to, and proves every byte", async () => {
        const kills = await killedAfterEach(fleet, [
            "failback",
            ...(await fleet.consents("failback")),
        ]);
        // Not of the demotion: killed in it, a run leaves it at work on the admin host.
        has(kills, "noted given up", "started discard", "noted resynced", "noted frozen");
        has(kills, "noted failover-host cinder-b@ceph", "started restore", "started bytes");
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
        await fleet.replayed("primary");
        await fleet.expectBytes("secondary");
        expectCode(await fleet.dr("status"), 0);
    });
});
