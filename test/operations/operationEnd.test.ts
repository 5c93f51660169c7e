import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { blocker } from "../../core/blocker";
import { Journal } from "../../operations/journal";
import { endOf, PartialError, RefusedError, toldOf, untold } from "../../operations/operationEnd";
import { LockedError } from "../../operations/siteLock";

describe("the end of an operation that failed", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-end-"));
    const begun = {
        id: "20260101T000000-failback-ceph-0001",
        verb: "failback",
        backend: "ceph",
        who: "kim@desk",
        version: "0",
        flags: {},
    };
    const journal = Journal.create(begun, folder);
    after(() => {
        journal.close();
        rmSync(folder, { recursive: true });
    });

    it("has changed nothing before its first step, and says nothing is left", () => {
        const ended = endOf(new Error("no answer"), journal);
        assert.deepEqual([ended.outcome, untold(ended)], ["refused", undefined]);
    });

    it("names how to go on, also when only the network failed", () => {
        journal.append({ kind: "started", step: "freeze" });
        assert.deepEqual(untold(endOf(new Error("aborted due to timeout"), journal)), {
            state: "problem",
            subject: "operation",
            fact: "failed, and not at its end",
            next: `see why, then \`cinder-dr resume ${begun.id}\``,
        });
        assert.equal(untold(endOf(new RefusedError("refused"), journal)), undefined);
    });

    it("is refused as long as nothing has changed, and can be gone on with afterwards", () => {
        const taken = new LockedError("lyon", { ...begun, since: "now" });
        const stop = blocker("volume-1", "behind", "wait");
        const refused = new RefusedError("refused", [stop]);
        assert.equal(endOf(refused, journal).outcome, "refused");
        assert.equal(toldOf(refused, endOf(refused, journal), journal), refused);
        // Its hosts may be frozen, or its images resynced by an earlier run.
        assert.equal(endOf(taken, journal).outcome, "partial");

        // Taken over from another machine, with volumes marked before: nothing is to be gone on with.
        journal.append({ kind: "noted", step: "rows before mark on cinder-a" });
        const isSo = new RefusedError("refused", [{ ...stop, isSo: true }]);
        assert.equal(endOf(refused, journal).outcome, "partial");
        assert.equal(endOf(isSo, journal).outcome, "refused");

        journal.append({ kind: "noted", step: "failover-host", data: { host: "cinder-a@ceph" } });
        assert.equal(endOf(isSo, journal).outcome, "partial");
        const ended = endOf(refused, journal);
        assert.equal(ended.outcome, "partial");
        assert.deepEqual(ended.left, [
            "volume-1: behind; next: wait",
            `then \`cinder-dr resume ${begun.id}\``,
        ]);
        const old = new RefusedError("refused, nothing was changed: the primary lives");
        assert.equal(endOf(old, journal).fact, "refused to go on: the primary lives");
        for (const error of [refused, taken, new Error("no answer")]) {
            const told = toldOf(error, endOf(error, journal), journal);
            assert.ok(told instanceof PartialError, String(told));
            assert.equal(told.message, error.message);
        }
    });

    it("is in part where the hosts are still frozen", () => {
        const frozen = Journal.create({ ...begun, id: `${begun.id}-f` }, folder);
        const outcome = () => endOf(new RefusedError("refused"), frozen).outcome;
        frozen.append({ kind: "noted", step: "frozen", data: ["cinder-a@ceph"] });
        assert.equal(outcome(), "partial");
        frozen.append({ kind: "noted", step: "thawed" });
        assert.equal(outcome(), "refused");
        frozen.close();
    });

    it("does not say twice what the error names", () => {
        const ended = endOf(new PartialError("1 did not move: a: gone", ["a: gone"]), journal);
        assert.equal(untold(ended), undefined);
        const more = endOf(new PartialError("it is locked", ["stop rbd-mirror"]), journal);
        assert.equal(untold(more)?.next, "stop rbd-mirror");
    });
});
