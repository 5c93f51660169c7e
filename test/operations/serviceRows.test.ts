import { strict as assert } from "node:assert";

import type { JournalEntry } from "../../core/operation";
import { PartialError } from "../../operations/operationEnd";
import type { Seat } from "../../operations/rowSeats";
import type { Run } from "../../operations/run";
import { moveByRows } from "../../operations/serviceRows";
import { backend, names, row, survey } from "../support/survey";

describe("a move by rows", () => {
    const done: string[] = [];
    /** What a look at the service finds, one after the other; then it is stopped. */
    const states: boolean[] = [];
    beforeEach(() => {
        done.length = states.length = 0;
    });

    function begun(): { run: Run; seats: Seat[] } {
        const act = (what: string, answer: unknown) => () => {
            done.push(what);
            return Promise.resolve(answer);
        };
        const host = {
            host: { name: "cinder-a" },
            canStop: true,
            runs: () => Promise.resolve(states.shift() ?? false),
            stop: act("stop", undefined),
            drain: act("drain", 0),
            saveRows: act("save", { service: {}, cluster: null, volumes: {}, snapshots: {} }),
            writeRows: act("write", 1),
        };
        const entries: Partial<JournalEntry>[] = [];
        const run = {
            backend,
            found: () => undefined,
            doing: () => undefined,
            journal: { id: "x", entries, append: (entry: object) => entries.push(entry) },
            parts: {
                names,
                hosts: [host],
                sites: { secondary: { refusedImages: act("promote", []) } },
            },
        } as unknown as Run;
        const seats = [{ row: row({ host: "cinder-a@ceph" }), writer: host, runners: [host] }];
        return { run, seats: seats as unknown as Seat[] };
    }
    async function move(...seen: boolean[]): Promise<void> {
        states.push(...seen);
        const { run, seats } = begun();
        await moveByRows(run, survey({}), seats);
    }
    const STOPPED = ["stop", "drain", "save"];

    it("stops again what was started before the promotion, and before a row is written", async () => {
        await move();
        assert.deepEqual(done, [...STOPPED, "promote", "write"]);
        done.length = 0;
        await move(true, false, true, false);
        const again = ["stop", "drain"];
        assert.deepEqual(done, [...STOPPED, ...again, "promote", ...again, "write"]);
    });

    it("promotes and writes nothing while the service comes up at once", async () => {
        await assert.rejects(
            move(true, true),
            (error) =>
                error instanceof PartialError &&
                error.message.startsWith("not stopped any more: cinder-a@ceph: cinder-volume on"),
        );
        assert.deepEqual(done, [...STOPPED, "stop"]);
        done.length = 0;
        await assert.rejects(move(false, true, true), PartialError);
        assert.deepEqual(done, [...STOPPED, "promote", "stop"]);
    });
});
