import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { Survey } from "../../core/survey";
import { plannedMove } from "../../operations/failoverPlanned";
import * as moveBackend from "../../operations/moveBackend";
import { RefusedError } from "../../operations/operationEnd";
import type { RunOptions } from "../../operations/run";
import { SiteLock } from "../../operations/siteLock";
import { withServersStopped } from "../../operations/stoppedServers";
import * as wait from "../../operations/wait";
import { FakeServers } from "../support/fakeServers";
import { ownJournals } from "../support/ownJournals";
import { runOptions } from "../support/runOptions";
import { reader, survey, writer } from "../support/survey";

const CLIENT = "10.0.0.9:0/1";
/** A published status that ends at the given entry. */
const upTo = (entry: number) =>
    reader({
        description: `replaying, {"entries_behind_primary":1,"primary_position":{"entry_tid":${String(entry)},"tag_tid":3}}`,
    });
const seen = (users: string[], replayed: number, published: number, servers = ["s1"]): Survey =>
    survey({
        volume: { status: "in-use", servers },
        primary: writer({ positions: { "": [3, 105], peer: [3, replayed] }, users }),
        secondary: upTo(published),
    });
/** A guest that writes; one that only has not flushed; what its stop leaves behind, and then unflushed; all is there. */
const WRITING = seen([CLIENT], 100, 103);
const QUIET = seen([CLIENT], 100, 105);
const BEHIND = seen([], 100, 103);
const UNFLUSHED = seen([], 104, 105);

describe("a planned failover that stops the servers, whose guests write", () => {
    ownJournals();
    let world = new FakeServers();
    let accepted: [string, number][] = [];
    let told: string[] = [];
    /** Looks that are to come, of which the last one stays, and the one that came. */
    let left: Survey[] = [];
    let last: Survey | undefined;
    const clock = { now: 0 };
    beforeEach(() => {
        world = new FakeServers();
        accepted = [];
        told = [];
        clock.now = 0;
        mock.method(SiteLock, "take", () =>
            Promise.resolve(Object.create(SiteLock.prototype) as SiteLock),
        );
        mock.method(SiteLock.prototype, "release", () => Promise.resolve());
        mock.method(performance, "now", () => clock.now);
        mock.method(moveBackend, "lookAtBoth", () => {
            last = left.length > 1 ? left.shift() : left[0];
            return Promise.resolve(last);
        });
        mock.method(wait, "pause", (milliseconds: number) => {
            clock.now += milliseconds;
            return Promise.resolve();
        });
    });
    afterEach(() => {
        mock.restoreAll();
    });

    /** Runs it with these looks. @returns the survey of the move's own first look */
    async function run(...looks: Survey[]): Promise<Survey> {
        [left, last] = [looks, undefined];
        const { cinder, nova } = world;
        const base = runOptions([]);
        const options: RunOptions = {
            ...base,
            parts: { ...base.parts, cinder } as unknown as RunOptions["parts"],
            accepted: new Map(accepted),
            doing: (what) => told.push(what),
        };
        let first: Survey | undefined;
        const work = (given: RunOptions) => {
            first = last;
            assert.ok(first);
            plannedMove.refuse(first, given.accepted);
            return Promise.resolve("the move");
        };
        await withServersStopped(options, { ...plannedMove, nova, batch: 1 }, work);
        assert.ok(first);
        return first;
    }
    const isRefused = (fact: RegExp) => (error: unknown) =>
        error instanceof RefusedError && error.blockers.some((one) => fact.test(one.fact));

    it("is not refused for what their stop ends, and begins to move once that is replayed", async () => {
        for (const before of [WRITING, QUIET]) {
            world = new FakeServers();
            world.orders.length = 0;
            assert.equal(await run(before, BEHIND, BEHIND, UNFLUSHED), UNFLUSHED);
            assert.deepEqual(world.orders, ["s1 os-stop", "s1 os-start"]);
        }
        assert.ok(
            told.some((one) => /1 image\(s\) are not replayed yet: v1 \(db\), 5 journal/.test(one)),
        );
    });

    it("is refused by the move itself where time does not end it, and starts them again", async () => {
        await assert.rejects(run(WRITING, BEHIND), isRefused(/^5 journal entries behind/));
        assert.ok(clock.now >= 300_000 && clock.now < 310_000);
        assert.deepEqual(world.orders, ["s1 os-stop", "s1 os-start"]);
    });

    it("is refused before a stop for a writer that is no server, and for any other fault", async () => {
        const noServer = seen([CLIENT], 100, 103, []);
        await assert.rejects(run(noServer), isRefused(/^5 journal entries behind/));
        const stuck = survey({
            volume: { servers: ["s1"] },
            secondary: reader({ state: "up+error" }),
        });
        await assert.rejects(run(stuck), isRefused(/^up\+error/));
        assert.deepEqual(world.orders, []);
    });

    it("is refused before a stop for the guest of a compute host that is down", async () => {
        world.server("s1").hostStatus = "UNKNOWN";
        accepted = [["attached", 1]];
        await assert.rejects(run(WRITING), isRefused(/^5 journal entries behind/));
        assert.deepEqual(world.orders, []);
    });
});
