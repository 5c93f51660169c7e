import { strict as assert } from "node:assert";

import type { Run } from "../../operations/run";
import { flush } from "../../operations/settle";
import { backend } from "../support/survey";

describe("a flush of images that nobody has open", () => {
    it("may take longer the more there are, and of a few no longer than two minutes", async () => {
        const limits: number[] = [];
        const refusedImages = (_pool: string, _question: object, seconds: number) => {
            limits.push(seconds);
            return Promise.resolve([]);
        };
        const run = {
            backend,
            journal: { append: () => undefined },
            parts: { sites: { primary: { refusedImages } } },
        } as unknown as Run;
        const images = (count: number) => Array.from({ length: count }, (_, i) => `volume-${i}`);
        const flushed = new Set<string>();
        await flush(run, "primary", images(1), flushed);
        await flush(run, "primary", images(5001), flushed);
        assert.deepEqual(limits, [121, 620]);
    });
});
