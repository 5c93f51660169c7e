import { strict as assert } from "node:assert";
import { mock } from "node:test";

import { gate } from "../../operations/gate";
import { RefusedError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import * as settle from "../../operations/settle";
import type { ServiceRow } from "../../core/service";
import * as looks from "../../operations/looks";
import * as wait from "../../operations/wait";
import { backend, names, row, survey, view } from "../support/survey";

/** A run whose cloud has one host. */
function runOf(there: ServiceRow, accepted: [string, number][] = []) {
    const calls: string[] = [];
    const rows = [there];
    const notes: string[] = [];
    /** What was noted before each call. */
    const before: string[][] = [];
    const run = {
        backend,
        accepted: new Map(accepted),
        doing: () => undefined,
        journal: {
            entries: [],
            append: ({ step = "" }) => notes.push(step),
        },
        parts: {
            names,
            cinder: {
                services: () => Promise.resolve(rows),
                service: (verb: string, host: string) => {
                    calls.push(`${verb} ${host}`);
                    before.push([...notes]);
                    rows.splice(0, 1, { ...there, frozen: verb === "freeze" });
                    return Promise.resolve();
                },
            },
        },
    } as unknown as Run;
    return { run, calls, notes, before };
}

const there = row({ active_backend_id: "secondary", replication_status: "failed-over" });

describe("the gate of a planned move", () => {
    afterEach(() => {
        mock.restoreAll();
    });

    it("does not wait where somebody else has done the move, and thaws", async () => {
        const seen = survey({ rows: [there] });
        mock.method(looks, "looks", () => () => Promise.resolve(seen));
        mock.method(wait, "pause", () => Promise.reject(new Error("waited")));
        const { run, calls, notes, before } = runOf(there);
        await assert.rejects(
            gate(run, "planned"),
            (error) =>
                error instanceof RefusedError && error.blockers.some(({ isSo }) => isSo === true),
        );
        assert.deepEqual(calls, ["freeze cinder-a@ceph", "thaw cinder-a@ceph"]);
        assert.deepEqual(notes, ["frozen", "thawed"]);
        // Whoever is killed between the two has a host to thaw.
        assert.deepEqual(before, [["frozen"], ["frozen"]]);
    });
});

describe("the gate of a failback", () => {
    afterEach(() => {
        mock.restoreAll();
    });

    /** A plain volume that was made on the secondary, by its status. */
    const made = (status: string) =>
        survey({
            volume: { status, replicationStatus: "disabled" },
            rows: [there],
            primary: undefined,
            secondary: undefined,
            views: { secondary: view({}, { all: status === "creating" ? [] : ["volume-v1"] }) },
        });
    /** What it waits for; undefined where it lets the move go. */
    async function waits(status: string, ...accepted: [string, number][]) {
        // A method that is mocked twice is not given back whole.
        mock.restoreAll();
        mock.method(looks, "looks", () => () => Promise.resolve(made(status)));
        mock.method(settle, "flush", () => Promise.resolve());
        mock.method(wait, "pause", () => Promise.reject(new Error("waited")));
        const { run } = runOf(there, accepted);
        let doing: string | undefined;
        const told = { ...run, doing: (what: string) => (doing = what) };
        await gate(told, "failback").catch((error: unknown) => {
            assert.equal((error as Error).message, "waited");
        });
        return doing;
    }

    it("holds for a volume that it would leave behind and that was made since the plan", async () => {
        assert.match((await waits("available")) ?? "", /1 blocker\(s\) left: left-behind$/);
        assert.equal(await waits("available", ["left-behind", 1]), undefined);
    });

    it("holds for one that is being made", async () => {
        assert.match((await waits("creating", ["left-behind", 1])) ?? "", /left: v1 \(db\)$/);
    });
});
