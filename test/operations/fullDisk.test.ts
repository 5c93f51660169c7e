import { strict as assert } from "node:assert";
import fs, { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import { keepReport } from "../../operations/drillSession";
import { Journal } from "../../operations/journal";
import { JournalError, readJournal } from "../../operations/journalFolder";
import { PartialError } from "../../operations/operationEnd";
import { operate } from "../../operations/run";
import { SiteLock } from "../../operations/siteLock";
import { ownJournals } from "../support/ownJournals";
import { runOptions } from "../support/runOptions";

describe("a journal whose disk fills up", () => {
    const journals = ownJournals();
    const write = fs.writeSync.bind(fs) as (handle: number, text: Buffer, at: number) => number;
    /** Writes that find room, each of at most 20 bytes; undefined: as it is. */
    let room: number | undefined;
    beforeEach(() => {
        room = undefined;
        mock.method(fs, "writeSync", (handle: number, text: Buffer, at: number) => {
            if (room === undefined) return write(handle, text, at);
            if (room-- <= 0) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
            return write(handle, text.subarray(0, at + 20), at);
        });
    });
    afterEach(() => {
        mock.restoreAll();
    });

    const begun = {
        id: "20260101T000000-failover-ceph-0001",
        verb: "failover --planned",
        backend: "ceph",
        who: "kim@desk",
        version: "0",
        flags: {},
    };

    /** How many writes a claim takes. */
    function claimWrites(): number {
        const journal = Journal.create({ ...begun, id: "0-drill" });
        const file = join(journals.folder, "0-drill.jsonl");
        const { size } = fs.statSync(`${file}.pid`);
        journal.close();
        rmSync(file);
        return Math.ceil(size / 20);
    }

    it("keeps every entry whole, or none of it", () => {
        const journal = Journal.create(begun);
        room = 1000;
        journal.append({ kind: "noted", step: "frozen" });
        room = 2;
        assert.throws(() => {
            journal.append({ kind: "noted", step: "moving" });
        }, JournalError);
        room = undefined;
        journal.append({ kind: "noted", step: "thawed" });
        journal.close();
        const steps = readJournal(begun.id, journals.folder).map(({ step }) => step);
        assert.deepEqual(steps, [undefined, "frozen", "thawed"]);
    });

    it("leaves nothing of an operation that cannot be begun, and names another folder", () => {
        // Its claim is not written at all, in part, or whole, and the journal is not.
        const whole = claimWrites();
        for (const [finds, file] of [
            [0, /^\/.*-0001\.jsonl\.pid cannot be written \(ENOSPC\); /],
            [2, /^\/.*-0001\.jsonl\.pid cannot be written \(ENOSPC\); /],
            [whole, /^\/.*-0001\.jsonl cannot be written \(ENOSPC\); /],
        ] as const) {
            room = finds;
            assert.throws(
                () => Journal.create(begun),
                (error) => error instanceof JournalError && file.test(error.message),
            );
            assert.deepEqual(readdirSync(journals.folder), []);
        }
        room = undefined;
        assert.throws(() => Journal.create(begun, "/proc/none"), {
            name: "JournalError",
            message:
                "/proc/none cannot be made (ENOENT); make room there, or name a folder that can be written in CINDER_DR_JOURNALS, for this operation and all that follow it",
        });
        // A folder that is there and takes no file, for root neither.
        assert.throws(() => Journal.create(begun, "/proc/self"), {
            message:
                /^\/proc\/self\/.*-0001\.jsonl\.pid cannot be written \(\w+\); make room there/,
        });
    });

    it("leaves what is gone on with as it was, and claimed by nobody", () => {
        Journal.create(begun).close();
        const whole = claimWrites();
        for (const finds of [0, whole]) {
            room = finds;
            assert.throws(() => Journal.resume(begun.id), JournalError);
            assert.deepEqual(readdirSync(journals.folder), [`${begun.id}.jsonl`]);
        }
        room = undefined;
        assert.equal(readJournal(begun.id).length, 1);
    });

    it("leaves a move that is done in part, and names its resume", async () => {
        const free = { release: () => Promise.resolve(), check: () => Promise.resolve() };
        mock.method(SiteLock, "take", () => Promise.resolve(free));
        const found: Finding[] = [];
        const verb = { verb: "failover --planned", locks: ["secondary" as const], flags: {} };
        const body = async ({ journal }: { journal: Journal }) => {
            journal.append({ kind: "noted", step: "failover-host", data: { host: "a@ceph" } });
            room = 0;
            return journal.always("move", () => Promise.resolve(""));
        };
        await assert.rejects(operate(runOptions(found), { ...verb, body }), PartialError);
        const [, full, left] = found;
        assert.match(full?.fact ?? "", /\.jsonl cannot be written \(ENOSPC\)/);
        assert.match(full?.next ?? "", /^make room there, then `cinder-dr resume \S+`$/);
        assert.equal(left?.subject, "operation");
    });

    it("is no reason to lose what a drill has proven", () => {
        const journal = Journal.create({ ...begun, verb: "drill" });
        room = 0;
        const found: Finding[] = [];
        const session = {
            reports: join(journals.folder, "reports"),
            found: (one: Finding) => found.push(one),
        };
        const report = {
            ...{ verb: "drill" as const, id: begun.id, who: begun.who, backend: "ceph" },
            ...{ startedAt: "", endedAt: "", ok: true, images: [], left: [], phases: [] },
            ...{ checks: [], leftoversRemoved: [] },
        };
        mock.method(fs, "writeFileSync", () => {
            throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
        });
        assert.deepEqual(keepReport(journal, session, report), []);
        assert.deepEqual(
            found.map(({ state, subject }) => `${state} ${subject}`),
            ["problem report", "problem journal"],
        );
        assert.match(found[0]?.fact ?? "", /ENOSPC/);
        mock.restoreAll();
        journal.close();
    });
});
