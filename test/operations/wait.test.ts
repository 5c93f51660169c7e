import { strict as assert } from "node:assert";

import { waitFor } from "../../operations/wait";
import { fakeClock } from "../support/fakeClock";

describe("a wait", () => {
    const clock = fakeClock();

    /** How often a question that takes so long is asked in a minute. */
    async function askedInAMinute(seconds: number): Promise<number> {
        const end = clock.now + 60_000;
        let asked = 0;
        const ask = () => {
            asked++;
            clock.now += seconds * 1000;
            return Promise.resolve(clock.now < end ? undefined : true);
        };
        const signal = new AbortController().signal;
        await waitFor(ask, { what: "it", seconds: 100, signal });
        return asked;
    }

    it("leaves who answers twice the time that an answer takes, and asks each few seconds all the same", async () => {
        assert.equal(await askedInAMinute(1), 21);
        assert.equal(await askedInAMinute(10), 5);
        assert.ok((await askedInAMinute(0.05)) > 60);
    });
});
