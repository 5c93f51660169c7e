import assert from "node:assert/strict";

import { followerOf, isLater, type JournalEntry } from "../../core/operation";

/** A move of a backend; `order` is its journal's place in the folder. */
const move = (at: string, order?: number, who = "ops@bastion"): JournalEntry[] => [
    {
        at: `2026-11-22T${at}:00.000Z`,
        kind: "begun",
        data: {
            id: `${at}-${String(order ?? "old")}`,
            verb: "failback",
            backend: "ceph",
            who,
            version: "0",
            flags: {},
            ...(order === undefined ? {} : { order }),
        },
    },
    {
        at: `2026-11-22T${at}:30.000Z`,
        kind: "ended",
        data: { outcome: "done", fact: "", left: [] },
    },
];

describe("the later one of two operations", () => {
    it("is the one whose journal was made later, also when the clock was set back between them", () => {
        const [first, second] = [move("10:00", 1), move("09:30", 2)];
        assert.equal(followerOf(first, [first, second]), "09:30-2");
        assert.equal(followerOf(second, [first, second]), undefined);
    });

    it("is found by the clocks for two machines, and for journals of before", () => {
        for (const second of [move("10:01"), move("10:01", 1, "kim@desk"), move("10:01", 7)]) {
            const first = move("10:00", 7);
            assert.ok(isLater(second, first));
            assert.ok(!isLater(first, second));
        }
    });
});
