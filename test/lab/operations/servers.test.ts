import { strict as assert } from "node:assert";
import { readdirSync } from "node:fs";

import { flagsOf } from "../labMoves";
import { LabServers } from "../labServers";
import { configFile, expectCode, lab, labTopology, run, up } from "../support";

/** Servers of a real Nova (fake virt driver) with a data volume, and booted from a volume, over a failover and back. */
describe("cinder-dr servers on the lab", () => {
    const topology = labTopology();
    let all: LabServers;

    before(async () => {
        lab("up", "--nova");
        expectCode(await up(topology), 0);
        all = new LabServers(topology);
        await all.booted("servers-db", "servers-boot", "compute-a");
        const web = await all.booted("servers-web", "servers-root", "compute-a");
        await all.attachNew(web, "servers-data");
    });
    after(() => all.remove());

    it("has nothing to do while the primary serves", async () => {
        assert.deepEqual(await all.cures(), ["servers-db: none", "servers-web: none"]);
    });

    it("stops, moves, re-attaches and starts in one command, and stops nothing for a refused move", async () => {
        const losses = (await all.moves.ready("planned")).filter(({ name }) => name !== "attached");
        const whole = ["failover", "--planned", "--stop-servers"];
        const refused = expectCode(await all.moves.run(...whole), 3);
        assert.match(
            refused.output,
            /plan +needs --accept-loss unreplicated=1: .*\n(.*\n)*cinder-dr: refused/,
        );
        for (const id of all.made.servers) await all.untilStatus(id, "ACTIVE");
        const { output } = expectCode(await all.moves.run(...whole, ...flagsOf(losses)), 0);
        assert.match(output, /servers-db \(.*: stopped/);
        assert.deepEqual(await all.cures(), ["servers-db: none", "servers-web: none"]);
        for (const id of all.made.servers) await all.untilStatus(id, "ACTIVE");
        await all.moves.ready("failback");
        expectCode(await all.moves.run("failback", "--stop-servers"), 0);
        assert.deepEqual(await all.cures(), ["servers-db: none", "servers-web: none"]);
        for (const id of all.made.servers) await all.untilStatus(id, "ACTIVE");
    });

    it("names the servers that still lead to the old site, and changes nothing", async () => {
        await all.moves.over();
        const { output } = expectCode(await all.servers(), 3);
        assert.match(
            output,
            /PROBLEM servers-db \(\S+, ACTIVE on compute-[ab]\): servers-boot \/dev\/\w+ \(boots from it\): its connection names cluster 'ceph', active is 'secondary'\n\s+next: --reattach: it boots from the volume: shelve and unshelve/,
        );
        assert.deepEqual(await all.cures(), ["servers-db: shelve", "servers-web: shelve"]);
        assert.deepEqual(readdirSync(all.folder), []);
    });

    it("goes on after kill -9, and proves each by its new connection", async () => {
        await all.killedAt(/"started".* shelve"/, "--reattach");
        const left = await all.servers("--json");
        assert.match(left.stdout, /is not finished: volumes that it has detached/);
        const { output } = expectCode(await all.servers("--reattach"), 0);
        assert.match(output, /servers ceph: \d+ cured, 0 failed, 0 not begun, 0 by hand/);
        assert.deepEqual(await all.cures(), ["servers-db: none", "servers-web: none"]);
        for (const id of all.made.servers) await all.untilStatus(id, "ACTIVE");
    });

    it("stops servers before a planned failover and starts the same ones after", async () => {
        const [one = "", two = ""] = all.made.servers;
        await all.nova.call("POST", `/servers/${two}/action`, { "os-stop": null });
        await all.untilStatus(two, "SHUTOFF");
        expectCode(await all.servers("--stop"), 0);
        await all.untilStatus(one, "SHUTOFF");
        await all.moves.back();
        const early = expectCode(await all.servers("--start"), 3);
        assert.match(early.output, /servers-db \(.* still leads to the other site/);
        expectCode(await all.servers("--reattach"), 0);
        expectCode(await all.servers("--start"), 0);
        await all.untilStatus(one, "ACTIVE");
        // It was stopped before, and not by us.
        await all.untilStatus(two, "SHUTOFF");
        await all.nova.call("POST", `/servers/${two}/action`, { "os-start": null });
        await all.untilStatus(two, "ACTIVE");
    });

    it("catches a secret of the other cluster", async () => {
        // What a cinder-volume hands out that has kept the other cluster's secret.
        const other = labTopology();
        const right = other.backends.ceph.secretUuid as string;
        other.backends.ceph.secretUuid = other.backends.ceph.replicationDevice.secretUuid;
        other.backends.ceph.replicationDevice.secretUuid = right;
        const args = ["cli/bin.js", "servers", "--topology", configFile(other)];
        const { output } = expectCode(await run("node", args, all.journals), 3);
        assert.match(output, /its connection names secret '\S+', must be '\S+': libvirt has/);
        const stopped = expectCode(
            await run("node", [...args, "--reattach", "--max-failures", "1"], all.journals),
            4,
        );
        assert.match(stopped.output, /restart cinder-volume, which still hands this out/);
        assert.match(stopped.output, /0 cured, 1 failed, [1-9]\d* not begun/);
        // With the right topology the same operation goes on and finds that all is well.
        expectCode(await all.servers("--reattach"), 0);
    });
});
