import { strict as assert } from "node:assert";

import { waitFor } from "../../../operations/wait";
import { blockStorage } from "../blockStorage";
import { Fleet } from "../fleet";
import { expectCode, lab, labTopology, LabHost, thenLabUp, up } from "../support";

const CLUSTER = "dr";
const SERVICE = "cinder-volume";

/**
 * Both hosts in one active-active `cluster`. Last in its lab: volumes of the lab stay with the cluster's
 * name, so the lab must be made anew after it.
 */
describe("an active-active cluster on the lab", () => {
    const topology = labTopology();
    for (const name of Object.keys(topology.hosts as object))
        topology.hosts[name].cluster = CLUSTER;
    const fleet = new Fleet(topology, "cluster");
    const hosts = ["cinder-a", "cinder-b"].map((name) => new LabHost(name));

    const members = async () =>
        (await fleet.cinder.services()).filter(
            ({ cluster, state }) => cluster === `${CLUSTER}@ceph` && state === "up",
        );

    /** Whether the scheduler takes the cluster: it heeds the cluster's row, not its members'. */
    async function expectNewVolume(): Promise<void> {
        const { id } = await fleet.cinder.createVolume({
            name: "fleet-cluster-new",
            description: "",
            size: 1,
            volume_type: "replicated",
            metadata: {},
        });
        const made = async () => {
            const status = (await fleet.cinder.volume(id))?.status ?? "";
            return /^(available|error)$/.test(status) ? status : undefined;
        };
        const signal = AbortSignal.timeout(200_000);
        assert.equal(
            await waitFor(made, { what: "the new volume", seconds: 120, signal }),
            "available",
        );
        fleet.ids.push(id);
        await fleet.drop(id);
    }

    before(async () => {
        lab("up");
        expectCode(await up(labTopology()), 0);
        for (const host of hosts)
            await host.sh(
                `sed -i '0,/^\\[DEFAULT\\]/s//[DEFAULT]\\ncluster = ${CLUSTER}/' /etc/cinder/cinder.conf && systemctl restart cinder-volume </dev/null >/dev/null 2>&1`,
            );
        await waitFor(async () => ((await members()).length === 2 ? true : undefined), {
            what: "both members to be up",
            seconds: 120,
            signal: AbortSignal.timeout(200_000),
        });
        expectCode(await up(topology), 0);
        await fleet.make(2);
    });
    after(async () => {
        await fleet.close();
        for (const host of hosts) host.close();
    });

    it("goes over and back as one, and every member serves the site that is active", async () => {
        await fleet.write("primary");
        await fleet.ready("planned");
        const over = ["failover", "--planned", ...(await fleet.consents("planned"))];
        expectCode(await fleet.dr(...over), 0);
        await fleet.expectAllOn("secondary");
        await fleet.expectBytes("secondary");
        await fleet.write("secondary");
        await expectNewVolume();
        await fleet.ready("failback");
        const pids = await Promise.all(hosts.map((host) => host.pid()));
        const { output } = expectCode(await fleet.dr("failback"), 0);
        assert.match(output, /restart: cinder-a, cinder-b came up again on primary/);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
        // Cinder 21 leaves each member on the secondary in memory until it is restarted.
        const after = await Promise.all(hosts.map((host) => host.pid()));
        for (const [n, pid] of pids.entries()) assert.notEqual(after[n], pid);
        await expectNewVolume();
        const status = expectCode(await fleet.dr("status"), 0);
        assert.match(status.output, /^ok +cluster dr@ceph: enabled$/m);
    });

    it("is told of as one that takes no new volumes where somebody has disabled it", async () => {
        const api = blockStorage();
        const set = (verb: string) =>
            api.call("PUT", `/clusters/${verb}`, { name: `${CLUSTER}@ceph`, binary: SERVICE });
        try {
            await set("disable");
            const { output } = expectCode(await fleet.dr("status"), 0);
            assert.match(output, /^warning +cluster dr@ceph: disabled/m);
        } finally {
            await set("enable");
            await api.close();
        }
    });

    it("goes over forced though a member is lost with the primary, and comes back", async () => {
        await fleet.write("primary");
        await fleet.replayed("primary");
        lab("kill", "cinder-a");
        await thenLabUp(async () => {
            lab("kill", "primary");
            await fleet.untilCalled("down", "cinder-a@ceph");
            const over = ["failover", "--forced", "--write-rows"];
            expectCode(await fleet.dr(...over, ...(await fleet.consents("forced"))), 0);
            await fleet.write("secondary");
            await fleet.expectBytes("secondary");
            await expectNewVolume();
        });
        await fleet.untilCalled("up", "cinder-a@ceph", "cinder-b@ceph");
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
        expectCode(await fleet.dr("status"), 0);
    });
});
