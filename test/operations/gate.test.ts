import { strict as assert } from "node:assert";
import { mock } from "node:test";

import { gate } from "../../operations/gate";
import { RefusedError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import * as looks from "../../operations/looks";
import * as wait from "../../operations/wait";
import { backend, names, row, survey } from "../support/survey";

describe("the gate of a planned move", () => {
    afterEach(() => {
        mock.restoreAll();
    });

    it("does not wait where somebody else has done the move, and thaws", async () => {
        const there = row({ active_backend_id: "secondary", replication_status: "failed-over" });
        const seen = survey({ rows: [there] });
        mock.method(looks, "looks", () => () => Promise.resolve(seen));
        mock.method(wait, "pause", () => Promise.reject(new Error("waited")));
        const calls: string[] = [];
        const rows = [there];
        const notes: string[] = [];
        const before: string[][] = [];
        const run = {
            backend,
            accepted: new Map(),
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
