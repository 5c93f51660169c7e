import { strict as assert } from "node:assert";

import type { Site } from "../../core/topology";
import type { CephSite } from "../../operations/cephSite";
import { MirrorDaemons } from "../../operations/mirrorDaemons";
import { PartialError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import { InterruptedError } from "../../operations/wait";
import { fakeClock } from "../support/fakeClock";

const STOP = "orch stop rbd-mirror";

describe("rbd-mirror that the orchestrator stops", () => {
    const clock = fakeClock();
    const asked: string[] = [];
    const done: string[] = [];
    beforeEach(() => {
        asked.length = done.length = 0;
    });

    /** What a cluster says so many seconds after the stop was ordered; undefined: it refuses to. */
    interface Given {
        /** Ids in the service map. */
        map: (seconds: number) => string[] | undefined;
        /** State of a, on host h, and when it was looked at; without seconds before the stop. */
        ps?: (seconds?: number) => { status_desc: string; last_refresh: string } | undefined;
    }

    function site({ map, ps }: Given): CephSite {
        let stopped: number | undefined;
        const answer = (words: string): unknown => {
            const seconds = stopped === undefined ? undefined : (clock.now - stopped) / 1000;
            if (words === "service dump --format json") {
                const ids = map(seconds ?? 0);
                if (ids === undefined) return undefined;
                const daemons = Object.fromEntries(ids.map((id) => [id, { gid: 1 }]));
                return { services: { "rbd-mirror": { daemons: { summary: "", ...daemons } } } };
            }
            const state = ps?.(seconds);
            const a = { daemon_type: "rbd-mirror", daemon_id: "a", hostname: "h" };
            return state === undefined ? undefined : [{ ...a, ...state }];
        };
        const ceph = (args: string[]) => {
            const words = args.join(" ");
            asked.push(words);
            if (words === STOP) stopped = clock.now;
            const said = words === STOP ? "" : answer(words);
            const code = said === undefined ? 13 : 0;
            const stdout = Buffer.from(
                typeof said === "string" ? said : JSON.stringify(said ?? ""),
            );
            return Promise.resolve({ code, stdout, stderr: "" });
        };
        return { ceph, site: { name: "lyon" } } as unknown as CephSite;
    }
    const stop = (given: Given, signal = new AbortController().signal) =>
        new MirrorDaemons(site(given), {} as Site).stop(["orchestrator"], {
            signal,
            doing: (what: string) => done.push(what),
            journal: { id: "1-failover-ceph" },
        } as unknown as Run);
    const after = (limit: number, seconds: number) => (seconds < limit ? ["4711"] : []);

    it("is waited for until the service map has none of them", async () => {
        await stop({ map: (seconds) => after(10, seconds) });
        assert.ok(clock.now >= 10_000 && clock.now < 14_000, String(clock.now));
        assert.deepEqual(done, ["waiting until the orchestrator has stopped rbd-mirror"]);
    });

    for (const status_desc of ["stopped", "error"])
        it(`is waited for no longer than until the orchestrator has seen it: ${status_desc}`, async () => {
            const ps = (seconds = -1) => ({
                status_desc: seconds < 20 ? "running" : status_desc,
                last_refresh: String(seconds),
            });
            await stop({ map: (seconds) => after(70, seconds), ps });
            assert.ok(clock.now >= 20_000 && clock.now < 24_000, String(clock.now));
            assert.ok(asked.indexOf("orch ps --daemon_type rbd-mirror --format json") === 0);
            // Of its host alone.
            assert.equal(
                asked.at(-1),
                "orch ps h --daemon_type rbd-mirror --refresh --format json",
            );
        });

    it("is not known to be so by what the orchestrator saw before", async () => {
        const ps = () => ({ status_desc: "stopped", last_refresh: "yesterday" });
        await stop({ map: (seconds) => after(70, seconds), ps });
        assert.ok(clock.now >= 70_000, String(clock.now));
    });

    const names: [string, Given, string][] = [
        [
            "is named by the orchestrator",
            {
                map: () => ["4711"],
                ps: (at = -1) => ({ status_desc: "running", last_refresh: String(at) }),
            },
            "rbd-mirror.a on h",
        ],
        ["is named by the service map", { map: () => ["4711"] }, "rbd-mirror 4711"],
        ["cannot be seen", { map: () => undefined }, "the service map cannot be seen"],
    ];
    for (const [title, given, name] of names)
        it(`has a bound, and the way by hand, where one that runs ${title}`, async () => {
            await assert.rejects(stop(given), (error) => {
                assert.ok(error instanceof PartialError, String(error));
                assert.equal(
                    error.message,
                    `site lyon: 90 s after \`ceph ${STOP}\` these may still run: ${name}`,
                );
                assert.deepEqual(error.left, [
                    "stop each rbd-mirror there by hand (`ceph orch daemon stop NAME`, or its unit on its host), then `cinder-dr resume 1-failover-ceph --rbd-mirror-stopped`",
                ]);
                return true;
            });
            assert.ok(clock.now < 95_000, String(clock.now));
        });

    it("is not waited for by who interrupts", async () => {
        const given = { map: () => ["4711"] };
        await assert.rejects(stop(given, AbortSignal.abort()), InterruptedError);
    });
});
