import assert from "node:assert/strict";
import { join } from "node:path";
import { officialAnswers, PROBE_MILLISECONDS } from "../../toolchain/official.mjs";

const project = join(__dirname, "..", "..");

describe("the probe of the official download", () => {
    // The installer is the real one of the npm package `pulumi`: what it would fetch is what is asked for.
    const probe = (get: (url: string, milliseconds: number) => Promise<string>): Promise<boolean> =>
        officialAnswers(project, undefined, get);

    it("is yes for a script, and runs nothing of it", async () => {
        const asked: [string, number][] = [];
        const get = (url: string, milliseconds: number): Promise<string> => {
            asked.push([url, milliseconds]);
            return Promise.resolve("#!/bin/sh\nexit 1\n");
        };
        assert.equal(await probe(get), true);
        assert.equal(asked.length, 1);
        assert.match(asked[0]![0], /^https:.*install/);
        assert.equal(asked[0]![1], PROBE_MILLISECONDS);
    });

    it("is no for an error, and for a page that is no script", async () => {
        assert.equal(await probe(() => Promise.reject(new Error("HTTP 403"))), false);
        assert.equal(await probe(() => Promise.resolve("<html>sign in</html>")), false);
    });
});
