import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { ServiceRow } from "../../core/service";
import { askEarly } from "../../operations/forcedLook";
import type { ForcedOptions } from "../../operations/forcedPlan";
import { waysOf } from "../../operations/forcedWays";
import { LifeSigns } from "../../operations/livingServices";
import type { CinderView } from "../../operations/takeSurvey";
import type { Run } from "../../operations/run";
import { fakeClock } from "../support/fakeClock";
import { backend, row, survey } from "../support/survey";

const AT = "2026-01-01T00:00:";

describe("the ways of a forced failover", () => {
    const clock = fakeClock();
    /** Hosts in the order in which they were asked, and how many were asked at once. */
    const asked: string[] = [];
    let most = 0;
    const entries: object[] = [];
    const stamp = () => new Date(Date.now()).toISOString();

    /** @param hangs hosts that never answer @param later what reports while they are waited for */
    function run(rows: ServiceRow[], hangs: string[], later: Record<string, string> = {}): Run {
        let open = 0;
        const services = () =>
            Promise.resolve(
                rows.map((one) => ({
                    ...one,
                    updated_at: (clock.now > 0 ? later[one.host] : undefined) ?? one.updated_at,
                })),
            );
        const answers = async (host: string, signal: AbortSignal): Promise<boolean> => {
            asked.push(host);
            most = Math.max(most, ++open);
            await new Promise((resolve) => setImmediate(resolve));
            if (hangs.includes(host) && !signal.aborted)
                await new Promise((resolve) => {
                    signal.addEventListener("abort", resolve);
                });
            open--;
            return !hangs.includes(host);
        };
        return {
            backend,
            parts: { cinder: { services, answers } },
            journal: {
                entries,
                append: (entry: object) => entries.push({ ...entry, at: stamp() }),
            },
            signal: new AbortController().signal,
        } as unknown as Run;
    }

    beforeEach(() => {
        most = asked.length = entries.length = 0;
        mock.method(Date, "now", () => Date.parse(`${AT}00Z`) + clock.now);
    });
    const ways = (of: Run, rows: ServiceRow[]) =>
        waysOf(of, { ...survey({}), rows }, 0, new LifeSigns(of), { writeRows: true });

    it("ask two services at a time, those that reported last first, and none that is down or has moved", async () => {
        const rows = [
            row({ host: "old@ceph", updated_at: `${AT}01` }),
            row({ host: "down@ceph", state: "down", updated_at: `${AT}59` }),
            row({
                host: "moved@ceph",
                active_backend_id: "secondary",
                replication_status: "failed-over",
                updated_at: `${AT}58`,
            }),
            row({ host: "new@ceph", updated_at: `${AT}09` }),
            row({ host: "newer@ceph", updated_at: `${AT}10` }),
        ];
        const { byCinder, byRows } = await ways(run(rows, []), rows);
        assert.deepEqual(asked, ["newer@ceph", "new@ceph", "old@ceph"]);
        assert.equal(most, 2);
        assert.deepEqual(byCinder, ["old@ceph", "new@ceph", "newer@ceph"]);
        assert.deepEqual(byRows, ["down@ceph"]);
    });

    it("are rows for all that has not moved where the operator wants it so, and nobody is asked", async () => {
        const moved = { active_backend_id: "secondary", replication_status: "failed-over" };
        const rows = [
            row({ host: "living@ceph", updated_at: `${AT}01` }),
            row({ host: "down@ceph", state: "down" }),
            row({ host: "called@ceph", replication_status: "failing-over" }),
            row({ host: "moved@ceph", ...moved }),
        ];
        const seen = { ...survey({}), rows };
        const all = { writeRows: true, writeAllRows: true };
        const of = run(rows, []);
        assert.deepEqual(await waysOf(of, seen, 0, new LifeSigns(of), all), {
            byCinder: [],
            byRows: ["living@ceph", "down@ceph", "called@ceph"],
        });
        assert.deepEqual(asked, []);
    });

    it("wait for a service that hangs no longer than for a report, and go by reports where it keeps others waiting", async () => {
        const rows = ["a@ceph", "b@ceph", "c@ceph", "d@ceph"].map((host, index) =>
            row({ host, updated_at: `${AT}0${String(9 - index)}` }),
        );
        const later = { "a@ceph": `${AT}30`, "c@ceph": `${AT}31` };
        const { byCinder, byRows } = await ways(run(rows, ["a@ceph", "b@ceph"], later), rows);
        assert.ok(clock.now > 16_000 && clock.now < 18_000, String(clock.now));
        // a has reported, too: a service that starts does, and hangs all the same.
        assert.deepEqual(byCinder, ["c@ceph"]);
        assert.deepEqual(byRows, ["a@ceph", "b@ceph", "d@ceph"]);
        assert.deepEqual(asked, ["a@ceph", "b@ceph"]);
    });

    it("ask a service that did not answer an earlier run again when Cinder's API has given it up", async () => {
        const rows = ["a@ceph", "b@ceph"].map((host) => row({ host, updated_at: `${AT}01` }));
        const again = async () => {
            asked.length = 0;
            const of = run(rows, ["a@ceph"]);
            const signs = new LifeSigns(of);
            const seen = { ...survey({}), rows };
            const { byRows } = await waysOf(of, seen, clock.now, signs, { writeRows: true });
            assert.deepEqual(byRows, ["a@ceph"]);
            return [...asked];
        };
        assert.deepEqual(await again(), ["a@ceph", "b@ceph"]);
        const first = clock.now;
        assert.deepEqual(await again(), ["b@ceph"]);
        assert.ok(clock.now - first < 2000, "it is not waited for either");
        clock.now += 60_000;
        assert.deepEqual(await again(), ["a@ceph", "b@ceph"]);
        // Set back, or another machine's.
        clock.now -= 600_000;
        assert.deepEqual(await again(), ["a@ceph", "b@ceph"]);
    });

    it("ask while the sites are looked at, once, when words are given and nobody is known to hang", async () => {
        const rows = ["a@ceph", "b@ceph"].map((host) => row({ host, updated_at: `${AT}01` }));
        const askedWith = async (given: object): Promise<string[]> => {
            asked.length = 0;
            const signs = new LifeSigns(run(rows, []));
            const view = Promise.resolve({ rows, volumes: [], snapshots: [] } as CinderView);
            askEarly(signs, view, { backend, ...given } as ForcedOptions);
            await new Promise((resolve) => setTimeout(resolve, 5));
            const early = [...asked];
            signs.ask(rows);
            assert.deepEqual([...(await signs.living(0))], ["a@ceph", "b@ceph"]);
            assert.equal(asked.length, 2);
            return early;
        };
        const accepted = new Map([["lost-writes", 2]]);
        assert.deepEqual(await askedWith({ accepted }), ["a@ceph", "b@ceph"]);
        assert.deepEqual(await askedWith({ accepted: new Map() }), []);
        assert.deepEqual(await askedWith({ accepted, writeRows: true }), []);
    });

    it("fail with what a question failed with, and with what came first where nobody waits for it", async () => {
        const rows = [row({ host: "a@ceph", updated_at: `${AT}01` })];
        const of = run(rows, []);
        of.parts.cinder.answers = () => Promise.reject(new TypeError("no such host"));
        const signs = new LifeSigns(of);
        signs.ask(rows);
        await assert.rejects(signs.living(0), TypeError);
        await signs.end();
    });
});
