import assert from "node:assert/strict";

import { journalRates } from "../../operations/journalRates";
import type { Parts } from "../../operations/parts";
import { InterruptedError } from "../../operations/wait";
import { NOW, reader, survey, view, writer } from "../support/survey";

/** A primary that has written 30 entries more, 3 s later. */
function later(): { parts: Parts; looks: () => number } {
    let looks = 0;
    const image = writer({ positions: { "": [3, 170], peer: [3, 100] } });
    const pool = () => {
        looks++;
        return Promise.resolve(view({ "volume-v1": image }, { now: NOW + 3 }));
    };
    const parts = { sites: { primary: { pool, site: { name: "paris" } } } };
    return { parts: parts as unknown as Parts, looks: () => looks };
}
const BUSY = survey({ primary: writer({ positions: { "": [3, 140], peer: [3, 100] } }) });
const never = new AbortController().signal;

describe("how fast journals grow", () => {
    it("comes from a second look, where an image is behind", async () => {
        const { parts } = later();
        assert.deepEqual(await journalRates(parts, BUSY, never, 1), new Map([["volume-v1", 10]]));
    });
    it("takes no second look where none is, or the primary is dead", async () => {
        const { parts, looks } = later();
        const dead = survey({
            primary: undefined,
            secondary: reader({ description: 'replaying, {"entries_behind_primary":7}' }),
            views: { primary: { unseen: "no answer" } },
        });
        for (const seen of [survey(), dead])
            assert.equal((await journalRates(parts, seen, never, 1)).size, 0);
        assert.equal(looks(), 0);
    });
    it("ends at once when it is interrupted", async () => {
        const { parts } = later();
        await assert.rejects(
            journalRates(parts, BUSY, AbortSignal.abort(), 60_000),
            InterruptedError,
        );
    });
});
