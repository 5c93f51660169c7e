import assert from "node:assert/strict";

import { discardedAfter, followerOf, inOrder, isLater, laterMove } from "../../core/operationOrder";
import { begunOf, RESYNC_ONLY, type JournalEntry } from "../../core/operation";
import { foreign, own } from "../support/backendKey";

/** A move of a backend; `order` is its journal's place in the folder, `clock` that of the newest journal there. */
const move = (at: string, order?: number, clock = at, verb = "failback"): JournalEntry[] => [
    {
        at: `2026-11-22T${at}:00.000Z`,
        kind: "begun",
        data: {
            id: `${at}-${String(order ?? "old")}`,
            verb,
            backend: "ceph",
            who: "ops@bastion",
            version: "0",
            flags: {},
            ...(order === undefined ? {} : { order, clock: `2026-11-22T${clock}:00.000Z` }),
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
        const [first, second] = [move("10:00", 1), move("09:30", 2, "10:00")];
        assert.equal(followerOf(first, [first, second]), "09:30-2");
        assert.equal(followerOf(second, [first, second]), undefined);
    });

    it("is found by the clocks for two folders, whoever has worked in them, and for journals of before", () => {
        for (const second of [move("10:01"), move("10:01", 1), move("10:01", 7)]) {
            const first = move("10:00", 7);
            assert.ok(isLater(second, first));
            assert.ok(!isLater(first, second));
        }
    });
});

describe("a later operation of the same section's name", () => {
    /** The same operation, of that backend. */
    const of = (key: object, [first, ...rest]: JournalEntry[]): JournalEntry[] =>
        first === undefined ? [] : [{ ...first, data: { ...begunOf([first]), ...key } }, ...rest];
    const note: JournalEntry = { at: "", kind: "noted", step: "discarding" };
    const [first, later] = [move("10:00", 1), [...move("11:00", 2), note]];

    it("makes a move of its own backend history", () => {
        for (const key of [own, foreign, {}]) {
            const all = [of(key, first), of(key, later)] as const;
            assert.equal(followerOf(all[0], all), "11:00-2");
            assert.equal(discardedAfter(all[0], all), "11:00-2");
        }
    });
    it("takes nothing from one of another cloud, nor of before journals told the cloud", () => {
        for (const [one, other] of [
            [own, foreign],
            [own, {}],
            [{}, own],
        ] as const) {
            const all = [of(one, first), of(other, later)] as const;
            assert.equal(followerOf(all[0], all), undefined);
            assert.equal(discardedAfter(all[0], all), undefined);
        }
    });
});

describe("operations", () => {
    const idsOf = (all: JournalEntry[][]) =>
        inOrder(all).map(([first]) => (first?.data as { id: string }).id);

    it("are in the order of their journals, also when the clock was set back", () => {
        const all = [move("09:30", 2, "10:00"), move("10:30", 3), move("10:00", 1), move("09:00")];
        assert.deepEqual(idsOf(all), ["09:00-old", "10:00-1", "09:30-2", "10:30-3"]);
    });

    it("of several folders are told by the clocks, and those of one stay in order", () => {
        const all = [
            move("09:30", 2, "10:00"),
            move("09:45", 7, "10:15"),
            move("10:00", 1),
            move("10:15", 1),
        ];
        assert.deepEqual(idsOf(all), ["10:00-1", "09:30-2", "10:15-1", "09:45-7"]);
    });
});

describe("a resync alone that is done", () => {
    const [first, only, again] = [
        move("10:00", 1, "10:00", "failover --forced"),
        move("11:00", 2, "11:00", RESYNC_ONLY),
        move("12:00", 3, "12:00", RESYNC_ONLY),
    ];
    const all = [first, only, again];

    it("leaves a move that was cut short to be gone on with: it thaws and starts nothing", () => {
        assert.equal(followerOf(first, all), undefined);
        assert.equal(laterMove(first, all), undefined);
    });
    it("makes an earlier one history", () => {
        assert.equal(followerOf(only, all), "12:00-3");
    });
    it("keeps rows of before from being put back once it has begun to discard", () => {
        assert.equal(discardedAfter(first, all), undefined);
        const note: JournalEntry = { at: "", kind: "noted", step: "discarding", data: ["a"] };
        const begun = [...only.slice(0, 1), note];
        assert.equal(discardedAfter(first, [first, begun]), "11:00-2");
        assert.equal(discardedAfter(begun, [first, begun]), undefined);
    });
});
