import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Fleet } from "../fleet";
import { expectCode, lab, labTopology, LabHost, run, up } from "../support";

const VOLUMES = 12;

/** Twelve replicated volumes and the lab's plain one, moved in every way an operator may have to. */
describe("failover and failback on the lab", () => {
    const topology = labTopology();
    // Cinder tries three times to reach a dead site before it promotes.
    topology.backends.ceph.radosConnectTimeoutSeconds = 3;
    const fleet = new Fleet(topology, "moves");

    before(async function () {
        this.timeout(600_000);
        lab("up");
        expectCode(await up(topology), 0);
        await fleet.make(VOLUMES);
    });
    after(() => fleet.close());

    const toSecondary = async () =>
        expectCode(
            await fleet.dr("failover", "--planned", ...(await fleet.consents("planned"))),
            0,
        );
    const back = async () =>
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
    for (const round of ["once", "a second time"])
        it(`goes over and back planned, ${round}, byte for byte`, async () => {
            await fleet.write("primary");
            await fleet.ready("planned");
            await toSecondary();
            await fleet.expectAllOn("secondary");
            await fleet.expectBytes("secondary");
            await fleet.write("secondary");
            await fleet.ready("failback");
            await back();
            await fleet.expectAllOn("");
            await fleet.expectBytes("primary");
            const volumes = await fleet.cinder.allVolumes();
            assert.deepEqual(
                volumes.filter((v) => v.status !== "available").map((v) => v.id),
                [],
            );
        });

    it("refuses where it is already", async () => {
        const { output } = expectCode(await fleet.dr("failback"), 3);
        assert.match(output, /is on primary already/);
    });

    it("refuses a planned one while an image lags, and freezes nothing", async () => {
        lab("kill", "secondary", "mirror");
        try {
            await fleet.write("primary");
            const { output } = expectCode(
                await fleet.dr("failover", "--planned", ...(await fleet.consents("planned"))),
                3,
            );
            assert.match(output, /behind on secondary|rbd-mirror/);
            await fleet.expectAllOn("");
        } finally {
            lab("up");
        }
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

    it("lets one of two operators win and tells the other who", async () => {
        const flags = await fleet.consents("planned");
        const words = fleet.args("failover", "--planned", ...flags);
        const elsewhere = mkdtempSync(join(tmpdir(), "cinder-dr-journals-"));
        const both = await Promise.all([
            fleet.dr("failover", "--planned", ...flags),
            // Of another machine, as far as the journals tell.
            run("node", words, { CINDER_DR_JOURNALS: elsewhere }),
        ]);
        rmSync(elsewhere, { recursive: true });
        assert.deepEqual(
            both.map(({ code }) => code === 0).sort(),
            [false, true],
            both.map((r) => r.output).join("\n---\n"),
        );
        const lost = both.find(({ code }) => code !== 0);
        assert.equal(lost?.code, 3);
        assert.match(lost.output, /site secondary: \S+@\S+ runs `failover --planned` since /);
        await back();
    });

    it("goes on after kill -9 during the move", async () => {
        const flags = await fleet.consents("planned");
        const at = (journal: string) => journal.includes('"step":"failover-host"');
        assert.ok(await fleet.killed(at, "failover", "--planned", ...flags));
        expectCode(await fleet.dr("resume"), 0);
        await fleet.expectAllOn("secondary");
        await fleet.expectBytes("secondary");
        await back();
    });

    for (const signal of ["kill", "stop"])
        it(`goes over forced after \`lab ${signal} primary ceph\`, writable, and back`, async () => {
            await fleet.write("primary");
            await fleet.replayed("primary");
            lab(signal, "primary", "ceph");
            try {
                const start = Date.now();
                const { stdout } = expectCode(
                    await fleet.dr("failover", "--forced", ...(await fleet.consents("forced"))),
                    0,
                );
                console.log(
                    `        forced in ${String((Date.now() - start) / 1000)} s\n${stdout.replaceAll(/^/gm, "        ")}`,
                );
                await fleet.write("secondary");
                await fleet.expectBytes("secondary");
            } finally {
                lab("up");
            }
            await back();
            await fleet.expectBytes("primary");
        });

    it("writes rows where cinder-volume was restarted in the outage, with consent", async () => {
        await fleet.write("primary");
        await fleet.replayed("primary");
        const host = new LabHost("cinder-a");
        lab("kill", "primary");
        try {
            await host.sh("systemctl restart cinder-volume </dev/null >/dev/null 2>&1 & sleep 1");
            const flags = await fleet.consents("forced");
            const { output } = expectCode(await fleet.dr("failover", "--forced", ...flags), 3);
            assert.match(output, /--write-rows/);
            expectCode(await fleet.dr("failover", "--forced", "--write-rows", ...flags), 0);
            await fleet.expectAllOn("secondary");
            await fleet.write("secondary");
            await fleet.expectBytes("secondary");
        } finally {
            host.close();
            lab("up");
        }
        await back();
        await fleet.expectBytes("primary");
        expectCode(await fleet.dr("status"), 0);
    });
});
