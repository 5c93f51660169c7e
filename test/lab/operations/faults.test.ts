import { strict as assert } from "node:assert";

import { hostOf } from "../../../operations/cinder";
import { findCloud } from "../../../operations/cloud";
import { OpenStackApi } from "../../../operations/openstack";
import { waitFor } from "../../../operations/wait";
import { adminHosts } from "../adminHost";
import { Fleet } from "../fleet";
import { expectCode, lab, labEnvironment, labPassword, labTopology, up } from "../support";

const HANG_MILLISECONDS = 15_000;

/** What breaks while a backend moves, and what must then not be done. */
describe("faults in the middle of a move", () => {
    const topology = labTopology();
    const fleet = new Fleet(topology, "faults");
    const sites = adminHosts();
    const keystone = new OpenStackApi(findCloud(labEnvironment()), {
        name: "Keystone",
        types: ["identity"],
        apiVersion: "identity 3.14",
    });

    before(async () => {
        lab("up");
        expectCode(await up(topology), 0);
        await fleet.make(3);
    });
    after(async () => {
        for (const site of Object.values(sites)) site.close();
        await keystone.close();
        await fleet.close();
    });

    /** Keystone takes back every token of a user whose password is set, be it to the same one. */
    async function revokeTokens(): Promise<void> {
        const { users } = await keystone.call<{ users: { id: string }[] }>(
            "GET",
            "/users?name=admin",
        );
        await keystone.call("PATCH", `/users/${users[0]?.id ?? ""}`, {
            user: { password: labPassword() },
        });
    }

    it("goes over planned though its token is taken back", async () => {
        await fleet.write("primary");
        await fleet.ready("planned");
        const words = ["failover", "--planned", ...(await fleet.consents("planned"))];
        const moved = await fleet.during(fleet.hasCalled, revokeTokens, words);
        expectCode(moved, 0);
        assert.ok(moved.acted);
        await fleet.expectAllOn("secondary");
        await fleet.expectBytes("secondary");
    });

    it("is not done a second time", async () => {
        const { output } = expectCode(await fleet.dr("failover", "--planned"), 3);
        assert.match(
            output,
            /PROBLEM backend ceph: is on secondary already: Cinder would demote and promote every image again/,
        );
    });

    it("does not go back before the primary has replayed all", async () => {
        lab("stop", "primary", "mirror");
        try {
            await fleet.write("secondary");
            const { output } = expectCode(await fleet.dr("failback", "--resync-seconds", "5"), 3);
            assert.match(output, /refused, nothing was changed: /);
            // Ceph drops a daemon that hangs from its service map when it will.
            assert.match(
                output,
                /3 image\(s\) are not proven: |PROBLEM site primary: no rbd-mirror daemon is in its/,
            );
        } finally {
            lab("cont", "primary", "mirror");
        }
        await fleet.expectAllOn("secondary");
        await fleet.ready("failback");
    });

    it("waits for a cinder-volume that hangs in the middle", async () => {
        const hang = async () => {
            lab("stop", "cinder-a", "cinder-volume");
            await new Promise((resolve) => setTimeout(resolve, HANG_MILLISECONDS));
            lab("cont", "cinder-a", "cinder-volume");
        };
        const moved = await fleet.during(fleet.hasCalled, hang, ["failback"]);
        expectCode(moved, 0);
        assert.ok(moved.acted);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
    });

    it("puts back what a restarted cinder-volume left half moved, and then goes over", async () => {
        await fleet.write("primary");
        await fleet.ready("planned");
        const [first = ""] = fleet.ids;
        const volume = await fleet.cinder.volume(first);
        assert.ok(volume);
        const [host = ""] = hostOf(volume).split("@");
        const isDemoted = async () =>
            (await sites.primary.sh(`rbd info ${fleet.spec(first)}`)).includes("primary: false") ||
            undefined;
        const lose = async () => {
            const signal = AbortSignal.timeout(200_000);
            await waitFor(isDemoted, { what: "the first demotion", seconds: 120, signal });
            lab("kill", host, "cinder-volume");
            lab("up");
        };
        const words = ["failover", "--planned", ...(await fleet.consents("planned"))];
        const cut = await fleet.during(fleet.hasCalled, lose, words);
        expectCode(cut, 4);
        assert.ok(
            cut.output.includes(`${host}@ceph: Cinder does not say that it is on secondary`),
            cut.output,
        );
        const { output } = expectCode(await fleet.dr("resume"), 0);
        assert.match(output, /put back: [1-9] half moved images are primary again where they were/);
        await fleet.expectAllOn("secondary");
        await fleet.expectBytes("secondary");
        await fleet.ready("failback");
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
    });
});
