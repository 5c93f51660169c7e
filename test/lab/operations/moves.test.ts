import { strict as assert } from "node:assert";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Report } from "../../../core/report";
import { serviceOf } from "../../../core/service";
import { hostOf } from "../../../core/volume";
import { Fleet } from "../fleet";
import { expectCode, lab, labPassword, labTopology, run, thenLabUp, up } from "../support";

const VOLUMES = 12;

/** Twelve replicated volumes and the lab's plain one, moved in every way an operator may have to. */
describe("failover and failback on the lab", () => {
    const topology = labTopology();
    const fleet = new Fleet(topology, "moves");

    before(async function () {
        this.timeout(600_000);
        lab("up");
        expectCode(await up(topology), 0);
        await fleet.make(VOLUMES);
    });
    after(() => fleet.close());

    const back = async () =>
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);

    async function expectAvailable(): Promise<void> {
        const volumes = await fleet.cinder.allVolumes();
        assert.deepEqual(
            volumes.filter((v) => v.status !== "available").map((v) => v.id),
            [],
        );
    }

    /** As Cinder has every volume that was made before the backend had a replication_device. */
    async function unmarkPlain(): Promise<void> {
        const plain = (await fleet.cinder.allVolumes()).find(({ name }) => name === "plain");
        assert.ok(plain);
        const service = serviceOf(hostOf(plain));
        const host = fleet.parts.hosts.find(({ host }) => service.startsWith(`${host.name}@`));
        const volumes = { [plain.id]: { replication_status: null } };
        await host?.writeVolumes(service, volumes);
    }

    const over = async () => {
        const flags = await fleet.consents("planned");
        expectCode(await fleet.dr("failover", "--planned", ...flags), 0);
    };

    /** A failover that somebody has had Cinder do on a host that does not run any more. */
    async function queueFailover(): Promise<void> {
        lab("kill", "cinder-a", "cinder-volume");
        await fleet.cinder.failoverHost("cinder-a@ceph", "secondary");
    }

    /** Two operators at once, each with journals of his own; both are copied together afterwards. */
    async function race(): Promise<void> {
        const flags = await fleet.consents("planned");
        const words = fleet.args("failover", "--planned", ...flags);
        const both = await Promise.all(
            [1, 2].map(async () => {
                const own = mkdtempSync(join(tmpdir(), "cinder-dr-journals-"));
                const result = await run("node", words, { CINDER_DR_JOURNALS: own });
                // The way back restores the statuses that the winner's journal holds.
                cpSync(own, fleet.journals, { recursive: true });
                rmSync(own, { recursive: true });
                return result;
            }),
        );
        assert.deepEqual(
            both.map(({ code }) => code).sort(),
            [0, 3],
            both.map((r) => r.output).join("\n---\n"),
        );
        const lost = both.find(({ code }) => code === 3);
        assert.match(
            lost?.output ?? "",
            /site secondary: \S+@\S+ runs `failover --planned` since /,
        );
    }

    const rounds: [string, () => Promise<void>][] = [
        ["goes over and back planned, byte for byte", over],
        ["does so a second time, where one of two operators wins and the other is told who", race],
    ];
    for (const [title, go] of rounds)
        it(title, async () => {
            await fleet.write("primary");
            await fleet.ready("planned");
            await go();
            await fleet.expectAllOn("secondary");
            await fleet.expectBytes("secondary");
            await fleet.write("secondary");
            await fleet.ready("failback");
            await back();
            await fleet.expectAllOn("");
            await fleet.expectBytes("primary");
            expectCode(await fleet.dr("status"), 0);
            await expectAvailable();
        });

    it("is reported: who, with which times, and nothing secret", async () => {
        const { stdout } = expectCode(await fleet.report("--json"), 0);
        const { report } = JSON.parse(stdout) as { report: Report };
        assert.equal(report.outcome, "done");
        assert.equal(report.losses.length, VOLUMES);
        const phases = report.phases.map(({ phase }) => phase);
        assert.deepEqual(phases.slice(-5), ["gate", "move", "verify", "restart", "thaw"]);
        const page = expectCode(await fleet.report(), 0).stdout;
        assert.match(page, /^# failback of ceph: done$/m);
        assert.match(page, /^\| who \| \S+@\S+ \|$/m);
        for (const text of [stdout, page]) {
            assert.doesNotMatch(text, /AQ[A-Za-z0-9+/]{30}/);
            assert.ok(!text.includes(labPassword()));
        }
    });

    it("refuses where it is already", async () => {
        const { output } = expectCode(await fleet.dr("failback"), 3);
        assert.match(output, /is on primary already/);
    });

    it("refuses a planned one while an image lags, and freezes nothing", async () => {
        lab("kill", "secondary", "mirror");
        await thenLabUp(async () => {
            await fleet.write("primary");
            const { output } = expectCode(
                await fleet.dr("failover", "--planned", ...(await fleet.consents("planned"))),
                3,
            );
            assert.match(output, /behind on secondary|rbd-mirror/);
            await fleet.expectAllOn("");
        });
        await fleet.replayed("primary");
        await fleet.ready("planned");
    });

    it("refuses a forced one while the primary lives", async () => {
        const { output } = expectCode(
            await fleet.dr("failover", "--forced", ...(await fleet.consents("forced"))),
            3,
        );
        assert.match(output, /the primary lives/);
        assert.match(output, /cinder-a reaches primary/);
        await fleet.expectAllOn("");
    });

    /** What an operator says who has stopped the secondary's rbd-mirror himself, and cut the primary off. */
    function byHand(isSo: boolean): string[] {
        if (!isSo) return [];
        lab("kill", "secondary", "mirror");
        return ["--rbd-mirror-stopped", "--fenced", "its processes are stopped"];
    }

    const protects = (...words: string[]) => fleet.dr("failback", "--resync-only", ...words);
    const discarded = ["--accept-loss", `discarded=${String(VOLUMES)}`];

    /** Has the old primary follow while the backend stays where it is, and goes on being written. */
    async function protect(): Promise<void> {
        assert.match(expectCode(await protects(), 3).output, /--accept-loss discarded=12/);
        expectCode(await protects(...discarded), 0);
        await fleet.expectAllOn("secondary");
        await fleet.write("secondary");
        await fleet.replayed("secondary");
        await fleet.expectBytes("primary");
        const { output } = expectCode(await fleet.dr("status"), 0);
        assert.match(output, /active on secondary; protected 12 of 12/);
        expectCode(await protects(), 0);
    }

    for (const signal of ["kill", "stop"])
        it(`goes over forced after \`lab ${signal} primary ceph\`, writable, and back`, async () => {
            await fleet.write("primary");
            await fleet.replayed("primary");
            await unmarkPlain();
            lab(signal, "primary", "ceph");
            await thenLabUp(async () => {
                const words = byHand(signal === "stop");
                const start = Date.now();
                const { stdout } = expectCode(
                    await fleet.dr(
                        "failover",
                        "--forced",
                        ...words,
                        ...(await fleet.consents("forced")),
                    ),
                    0,
                );
                console.log(
                    `        forced in ${String((Date.now() - start) / 1000)} s\n${stdout.replaceAll(/^/gm, "        ")}`,
                );
                await fleet.write("secondary");
                await fleet.expectBytes("secondary");
            });
            // Nobody asked for a copy of the plain volume, and Cinder counts it as replicated.
            if (signal === "kill")
                assert.match(
                    expectCode(await protects(...discarded), 0).output,
                    /left to do: 1 volume\(s\) of types that are not replicated .*: \S+ \(plain\)/,
                );
            const { stdout } = await back();
            assert.match(stdout, /mark: 1 volume\(s\) that cannot move are marked not-capable/);
            await fleet.expectBytes("primary");
            await expectAvailable();
        });

    it("writes rows where a host is lost with the site and another's failover waits in its queue", async () => {
        await queueFailover();
        lab("kill", "cinder-b");
        await thenLabUp(async () => {
            await fleet.write("primary");
            await fleet.replayed("primary");
            lab("kill", "primary");
            await fleet.untilCalled("down", "cinder-a@ceph", "cinder-b@ceph");
            const flags = await fleet.consents("forced");
            const { output } = expectCode(await fleet.dr("failover", "--forced", ...flags), 3);
            assert.match(output, /--write-rows/);
            expectCode(await fleet.dr("failover", "--forced", "--write-rows", ...flags), 0);
            // It waited in the queue of the host, and would have had Cinder move all of it again.
            assert.match(
                fleet.newestJournal(),
                /"step":"stopped","data":{"host":"cinder-a","dropped":[1-9]/,
            );
            await fleet.expectAllOn("secondary");

            const undone = expectCode(await fleet.dr("resume", fleet.newestId(), "--undo-rows"), 0);
            assert.match(
                undone.output,
                new RegExp(`left to do: ${String(VOLUMES)} image\\(s\\) are primary`),
            );
            await fleet.expectAllOn("");
            // Cinder takes the time of a row's last change for a sign of life.
            await fleet.untilCalled("down", "cinder-b@ceph");
            expectCode(await fleet.dr("failover", "--forced", "--write-rows", ...flags), 0);
            await fleet.expectAllOn("secondary");
            await fleet.write("secondary");
            await fleet.expectBytes("secondary");
        });
        await fleet.expectAllOn("secondary");
        await fleet.untilCalled("up", "cinder-a@ceph", "cinder-b@ceph");
        await protect();
        assert.match((await back()).stdout, /no image has forked/);
        await fleet.expectBytes("primary");
        expectCode(await fleet.dr("status"), 0);
    });
});
