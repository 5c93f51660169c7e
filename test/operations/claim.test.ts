import { strict as assert } from "node:assert";

import { isKnownGone, ownWorker, workerOfClaim, type Place } from "../../operations/worker";

const FIRST = "pid:[4026531836]";
const now: Place = { host: "bastion", boot: "b1", pids: FIRST, system: "s1" };
const own = { pid: process.pid, place: now };
/** Whether a claim of that place, with a living process's pid, is of this machine, of another one, or of nobody. */
const seen = (other: Partial<Place>, at: Place = now): boolean | undefined =>
    workerOfClaim({ ...own, place: { ...at, ...other } }, at)?.isHere;

describe("the claim of a journal", () => {
    it("is of a process of this machine while that lives", () => {
        assert.equal(seen({}), true);
        assert.equal(workerOfClaim({ ...own, pid: 4194304000 }, now), undefined);
        // Another process has got the pid.
        assert.equal(workerOfClaim({ ...own, start: "1" }, now), undefined);
        assert.equal(workerOfClaim({ pid: process.pid }, now)?.isHere, true);
    });

    it("may be a living process's in another place, whatever has its pid here", () => {
        for (const other of [{ host: "desk" }, { pids: "pid:[4026532001]" }, { boot: "b0" }]) {
            const elsewhere = { ...now, system: "s2", ...other };
            assert.equal(workerOfClaim({ ...own, place: elsewhere }, now)?.isHere, false);
            const gone = { pid: 4194304000, place: elsewhere };
            assert.equal(workerOfClaim(gone, now)?.isHere, false);
        }
    });

    it("is nobody's once its machine was restarted, which of a container nobody can tell", () => {
        assert.equal(seen({ boot: "b0" }), undefined);
        assert.equal(seen({ boot: "b0", host: "desk" }), false);
        assert.equal(seen({ boot: "b0", system: "s0" }), false);
        assert.equal(seen({ boot: "b0" }, { ...now, system: "" }), false);
        assert.equal(seen({ boot: "b0" }, { ...now, pids: "pid:[4026532001]" }), false);
    });

    it("is told by the machine's name alone where there is no /proc", () => {
        const plain = { host: "mac", boot: "", pids: "", system: "" };
        assert.equal(seen({}, plain), true);
        assert.equal(seen({ host: "desk" }, plain), false);
    });

    describe("in a lock, which other machines read", () => {
        const gone = (other: Partial<Place>, pid = 4194304000): boolean =>
            isKnownGone({ pid, place: { ...now, ...other } }, now);

        it("is of a process that is gone, for sure, only where its own system sees that", () => {
            assert.equal(gone({}), true);
            assert.equal(gone({}, process.pid), false);
            assert.equal(gone({ boot: "b0" }), true);
            for (const other of [
                { host: "desk" },
                { pids: "pid:[4026532001]" },
                { boot: "b0", system: "s0" },
                // A container that was made anew with its fixed name.
                { boot: "b0", pids: "pid:[4026532001]" },
            ])
                assert.equal(gone(other), false, JSON.stringify(other));
            assert.equal(isKnownGone({ pid: 4194304000 }, now), false);
            const plain = { host: "mac", boot: "", pids: "", system: "" };
            assert.equal(isKnownGone({ pid: 4194304000, place: plain }, plain), false);
        });

        it("names this process as its own machine knows it, and not by the machine's id", () => {
            const { pid, place } = ownWorker();
            assert.equal(pid, process.pid);
            assert.equal(isKnownGone(ownWorker()), false);
            assert.equal(isKnownGone({ ...ownWorker(), start: "1" }), true);
            assert.match(place?.system ?? "", /^(?:[0-9a-f]{64})?$/);
        });
    });
});
