import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { Pair, PoolView } from "../../core/replica";
import type { Survey } from "../../core/survey";
import {
    countAgain,
    hasMarked,
    markBefore,
    markedWhole,
    markStep,
} from "../../operations/markPlain";
import type { JournalEntry } from "../../core/operation";
import { RefusedError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import { RemoteError } from "../../operations/remoteError";
import * as rowSeats from "../../operations/rowSeats";
import { reader, survey as surveyOf, writer, type Given } from "../support/survey";

const SEEN = { images: {} } as PoolView;
const volume = (id: string) =>
    ({ volume: { id, name: id, host: "cinder-a@ceph#ceph" } }) as unknown as Pair;

/** What a mark is asked with; whatever it touches beyond its refusal fails. */
function mark(views: Partial<Survey["views"]>, count: number, agreed?: number): unknown {
    const survey = {
        views: { primary: SEEN, secondary: SEEN, ...views },
        names: { primary: "paris", secondary: "lyon" },
    } as Survey;
    const accepted = new Map(agreed === undefined ? [] : [["unmarked", agreed]]);
    const lonely = Array.from({ length: count }, (_, at) => volume(`v${String(at)}`));
    try {
        void markStep({ accepted } as unknown as Run, survey, lonely, "disabled");
    } catch (error) {
        return error;
    }
    return undefined;
}

describe("marking volumes as not replicated", () => {
    it("is refused where a site was not seen, and every image seems to be missing", () => {
        const refused = mark({ primary: { unseen: "no answer" } }, 1, 1);
        assert.ok(refused instanceof RefusedError);
        assert.deepEqual(
            refused.blockers.map(({ subject, fact }) => [subject, fact]),
            [["site paris", "no answer"]],
        );
    });

    it("is refused for more volumes than were agreed to", () => {
        for (const [count, agreed] of [[1], [2, 1]] as const) {
            const refused = mark({}, count, agreed);
            assert.ok(refused instanceof RefusedError);
            assert.match(refused.blockers[0]?.fact ?? "", /and [01] were agreed to: v0/);
            assert.match(refused.blockers[0]?.next ?? "", /`cinder-dr preflight planned` names/);
        }
    });
});

describe("marking what is whole on the primary alone", () => {
    let seat: object;
    beforeEach(() => {
        mock.method(rowSeats, "writerOf", () => seat);
    });
    afterEach(() => {
        mock.restoreAll();
    });

    const whole = (given: Given) =>
        surveyOf({
            volume: { status: "error", replicationStatus: "failover-error", ...given.volume },
            primary: writer(),
            secondary: undefined,
            ...("primary" in given ? { primary: given.primary } : {}),
        });

    /** @returns the run, its journal's entries, and what was written to which volume */
    function begun() {
        const entries: Partial<JournalEntry>[] = [];
        const written: unknown[] = [];
        seat = {
            saveRows: () => Promise.resolve({}),
            writeVolumes: (_: string, volumes: object) => {
                written.push(volumes);
                return Promise.resolve(1);
            },
        };
        const run = {
            accepted: new Map([["unmarked", 1]]),
            signal: new AbortController().signal,
            doing: () => undefined,
            found: () => undefined,
            phases: [],
            journal: {
                entries,
                append: (entry: Partial<JournalEntry>) => entries.push(entry),
                always: <T>(_: string, work: () => Promise<T>) => work(),
            },
        } as unknown as Run;
        return { run, written };
    }
    const ids = (pairs: readonly Pair[]) => pairs.map(({ volume: { id } }) => id);

    it("has it counted as replicated again after the failback", async () => {
        const { run, written } = begun();
        await markBefore(run, whole({}));
        const marked = whole({ volume: { status: "available", replicationStatus: "not-capable" } });
        const again = markedWhole(run.journal, marked);
        assert.deepEqual(ids(again), ["v1"]);
        await countAgain(run, marked, again);
        assert.deepEqual(written, [
            { v1: { replication_status: "not-capable" } },
            { v1: { replication_status: "enabled" } },
        ]);
    });

    it("and nothing else: neither what is not primary there, nor what was not mirrored", async () => {
        const { run } = begun();
        await markBefore(run, whole({}));
        const volume = { replicationStatus: "not-capable" };
        assert.deepEqual(ids(markedWhole(run.journal, whole({ volume, primary: reader() }))), []);
        assert.deepEqual(ids(markedWhole(run.journal, whole({}))), []);

        const other = begun();
        await markBefore(other.run, whole({ primary: undefined }));
        assert.deepEqual(other.written, [{ v1: { replication_status: "not-capable" } }]);
        assert.deepEqual(ids(markedWhole(other.run.journal, whole({ volume }))), []);
    });

    it("marks nothing where the rows cannot be read: it is refused, and nothing is begun", async () => {
        const { run, written } = begun();
        Object.assign(seat, {
            saveRows: () => Promise.reject(new RemoteError("cinder-a", "save: no database")),
        });
        await assert.rejects(
            markBefore(run, whole({})),
            (error) =>
                error instanceof RefusedError &&
                error.message === "refused: no volume was marked" &&
                error.blockers[0]?.fact === "cinder-a: save: no database",
        );
        assert.equal(hasMarked(run.journal), false);
        assert.deepEqual(written, []);
    });

    it("marks nothing without the operator's word", async () => {
        const { run, written } = begun();
        await markBefore({ ...run, accepted: new Map() }, whole({}));
        assert.deepEqual(written, []);
    });
});
