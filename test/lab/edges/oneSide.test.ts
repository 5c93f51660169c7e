import { strict as assert } from "node:assert";

import { waitFor } from "../../../operations/wait";
import { adminHosts } from "../adminHost";
import { replayedFleet } from "../replayedFleet";
import { expectCode, lab, thenLabUp } from "../support";

/** Volumes whose data lies on one side only, and a target that takes no write. */
describe("what a move cannot take along", () => {
    const sites = adminHosts();
    const made: string[] = [];
    // Before the fleet, whose end closes the way to Cinder.
    after(async () => {
        for (const id of made) await fleet.cinder.deleteVolume(id);
        for (const site of Object.values(sites)) site.close();
    });
    const fleet = replayedFleet("oneside");

    /** A new volume that is no part of the fleet, once Cinder has made it. */
    async function make(name: string, volume_type: string): Promise<string> {
        const { id } = await fleet.cinder.createVolume({
            ...{ name, description: "", size: 1, volume_type, metadata: {} },
        });
        made.push(id);
        await has(id, "status", "available");
        return id;
    }
    async function has(id: string, field: "status" | "replication_status", value: string) {
        let last: unknown = "";
        const isSo = async () => (last = (await fleet.cinder.volume(id))?.[field]) === value;
        const signal = AbortSignal.timeout(120_000);
        await waitFor(async () => (await isSo()) || undefined, {
            ...{ what: `${field} ${value}`, seconds: 90, signal, last: () => String(last) },
        });
    }

    it("is everything while the target is full, and the command that is named frees it", async () => {
        const ratios = (...all: string[]) =>
            sites.secondary.sh(
                ["nearfull", "backfillfull", "full"]
                    .map((name, at) => `ceph osd set-${name}-ratio ${all[at] ?? ""}`)
                    .join(" && "),
            );
        const until = async (isFull: boolean) => {
            const ask = async () =>
                /'volumes' full|pool.* full/.test(
                    await sites.secondary.sh("ceph health detail"),
                ) === isFull || undefined;
            const signal = AbortSignal.timeout(120_000);
            await waitFor(ask, { what: `full to be ${String(isFull)}`, seconds: 90, signal });
        };
        await fleet.ready("planned");
        const flags = await fleet.consents("planned");
        await ratios("0.001", "0.002", "0.003");
        try {
            await until(true);
            const full = /PROBLEM site secondary: pool 'volumes' is full \(no space\)/;
            const status = await fleet.dr("status");
            assert.match(status.output, full);
            const start = Date.now();
            for (const words of [["--planned"], ["--forced", "--fenced", "a test"]]) {
                const { output } = expectCode(await fleet.dr("failover", ...words, ...flags), 3);
                assert.match(output, full);
                assert.match(output, /next: `ceph osd set-full-ratio 0\.97` for the moment/);
            }
            assert.ok(Date.now() - start < 60_000, "a write was waited for");
            await fleet.expectAllOn("");
            await sites.secondary.sh("ceph osd set-full-ratio 0.97");
            await until(false);
            const near = await fleet.dr("status");
            assert.match(
                near.output,
                /warning site secondary: pool 'volumes' is (?:backfill|near)full/,
            );
        } finally {
            await ratios("0.85", "0.90", "0.95");
        }
    });

    it("is a volume that was made on the secondary and is not replicated", async () => {
        await fleet.ready("planned");
        expectCode(
            await fleet.dr("failover", "--planned", ...(await fleet.consents("planned"))),
            0,
        );
        const id = await make("fleet-oneside-behind", "__DEFAULT__");
        await fleet.ready("failback");
        const refused = expectCode(await fleet.dr("failback"), 3).output;
        assert.match(
            refused,
            /--accept-loss left-behind=1: 1 volume: their data is on secondary only/,
        );
        assert.ok(refused.includes(id), refused);
        await fleet.expectAllOn("secondary");
        const done = expectCode(await fleet.dr("failback", "--accept-loss", "left-behind=1"), 0);
        assert.match(done.output, /left to do: the data of 1 volume\(s\) is on secondary only/);
        assert.ok(done.output.includes(id));
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
        await sites.secondary.sh(`rbd info ${fleet.spec(id)} >/dev/null`);
    });

    it("is a volume that only the primary had when it died, and comes back with it", async () => {
        lab("kill", "secondary", "mirror");
        const id = await make("fleet-oneside-young", "replicated");
        lab("kill", "primary", "ceph");
        await thenLabUp(async () => {
            const flags = await fleet.consents("forced");
            const { code, output } = await fleet.dr("failover", "--forced", ...flags);
            assert.ok(code === 0 || code === 4, output);
            await fleet.write("secondary");
        });
        await has(id, "status", "error");
        // The secondary's rbd-mirror makes a copy now that the primary is back; one that is half made is in no plan yet.
        let plan = "";
        const isPlanned = async () =>
            new RegExp(`unmarked=.*${id}`).test(
                (plan = (await fleet.dr("preflight", "failback")).output),
            ) || undefined;
        await waitFor(isPlanned, {
            ...{ what: `${id} to be in the plan`, seconds: 90, last: () => plan },
            signal: AbortSignal.timeout(120_000),
        });
        const flags = await fleet.consents("failback");
        const { output } = expectCode(await fleet.dr("failback", ...flags), 0);
        assert.match(output, /count again: 1 volume\(s\) that were whole on primary alone/);
        await fleet.expectAllOn("");
        await fleet.expectBytes("primary");
        await has(id, "status", "available");
        await has(id, "replication_status", "enabled");
        await fleet.ready("planned");
        expectCode(
            await fleet.dr("failover", "--planned", ...(await fleet.consents("planned"))),
            0,
        );
        await has(id, "replication_status", "failed-over");
        await fleet.ready("failback");
        expectCode(await fleet.dr("failback", ...(await fleet.consents("failback"))), 0);
        await has(id, "replication_status", "enabled");
        await fleet.expectBytes("primary");
    });
});
