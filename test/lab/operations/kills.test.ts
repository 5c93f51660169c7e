import { strict as assert } from "node:assert";

import { endedOf, type JournalEntry } from "../../../core/operation";
import { Fleet } from "../fleet";
import { expectCode, lab, labTopology, LabHost, thenLabUp, up } from "../support";

const VOLUMES = 2;

/** Entries that are whole: the last one may be read while it is written. */
const entriesOf = (journal: string): JournalEntry[] =>
    journal
        .slice(0, journal.lastIndexOf("\n") + 1)
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as JournalEntry);

/** What an entry is about; a resumed operation writes most of them again. */
function keyOf({ kind, step = "", data }: JournalEntry): string {
    const { id, flag, host, service } = (data ?? {}) as Record<string, string | undefined>;
    return [kind, step, id ?? flag ?? host ?? service ?? ""].join(" ").trim();
}

/**
 * kill -9 after each entry that an operation writes: it is started, killed at its first entry, gone on with, killed at the
 * first new one, and so on to its end. Entries that nothing was done between are one moment.
 */
describe("an operation that is killed after every entry of its journal", function () {
    this.timeout(1_800_000);
    const topology = labTopology();
    const fleet = new Fleet(topology, "kills");
    const host = new LabHost("cinder-a");

    before(async () => {
        lab("up");
        expectCode(await up(topology), 0);
        await fleet.make(VOLUMES);
        await fleet.write("primary");
        await fleet.replayed("primary");
    });
    after(async () => {
        host.close();
        await fleet.close();
    });

    /** @returns what it was killed after, in order */
    async function killedAfterEach(words: string[]): Promise<string[]> {
        const before = fleet.newestJournal();
        const seen = new Set<string>();
        const fresh = (journal: string) =>
            // Until this operation has begun its own, the newest is an earlier one's.
            (journal === before ? [] : entriesOf(journal))
                .map(keyOf)
                .filter((key) => !seen.has(key));
        const kill = { kills: [] as string[], hasEnded: false };
        while (!kill.hasEnded) {
            // Both ways to go on: `resume`, and the same command again.
            const again = kill.kills.length % 2 === 1 ? ["resume"] : words;
            const run = await fleet.during(
                (journal) => fresh(journal).length > 0,
                (child) => child.kill("SIGKILL"),
                again,
            );
            const entries = entriesOf(fleet.newestJournal());
            const ended = endedOf(entries);
            kill.hasEnded = ended !== undefined;
            assert.ok(run.acted || kill.hasEnded, run.output);
            // A run may be killed before it has said why it failed; its journal says it.
            if (ended !== undefined)
                assert.equal(
                    ended.outcome,
                    "done",
                    `${again.join(" ")}: ${ended.fact}; ${run.output}`,
                );
            const keys = fresh(fleet.newestJournal());
            for (const key of keys) seen.add(key);
            if (keys.length > 0) kill.kills.push([...new Set(keys)].join(", "));
        }
        console.log(`        ${kill.kills.join("\n        ")}`);
        return kill.kills;
    }
    const has = (kills: string[], ...keys: string[]) => {
        for (const key of keys)
            assert.ok(
                kills.some((kill) => kill.includes(key)),
                key,
            );
    };

    it("goes over planned", async () => {
        const words = ["failover", "--planned", ...(await fleet.consents("planned"))];
        const kills = await killedAfterEach(words);
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
            const kills = await killedAfterEach(["failover", "--forced", "--write-rows", ...flags]);
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
        const kills = await killedAfterEach(["failback", ...(await fleet.consents("failback"))]);
        // Not of the demotion: killed in it, a run leaves it at work on the admin host.
        has(kills, "noted given up", "started discard", "noted resynced", "noted frozen");
        has(kills, "noted failover-host cinder-b@ceph", "started restore", "started bytes");
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
        await fleet.replayed("primary");
        await fleet.expectBytes("secondary");
        expectCode(await fleet.dr("status"), 0);
    });

    it("goes over forced by the rows of every host, though all live", async () => {
        await fleet.write("primary");
        await fleet.replayed("primary");
        lab("kill", "primary");
        await thenLabUp(async () => {
            const flags = await fleet.consents("forced");
            const words = ["failover", "--forced", "--write-all-rows", ...flags];
            const kills = await killedAfterEach(words);
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
        const discarded = ["--accept-loss", `discarded=${String(VOLUMES)}`];
        const kills = await killedAfterEach(["failback", "--resync-only", ...discarded]);
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
