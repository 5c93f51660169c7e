import assert from "node:assert/strict";

import type { DrilledImage } from "../../core/drill";
import { parseTopology } from "../../core/topology";
import { CephSite } from "../../operations/cephSite";
import { runCheck } from "../../operations/drillCheck";
import { goodTopology } from "../support/topology";

const site = new CephSite("secondary", parseTopology(goodTopology()).sites.secondary);
const images = ["c1", "c 2"].map((clone) => ({ pool: "volumes", clone }) as DrilledImage);
const never = new AbortController().signal;

describe("the operator's check", () => {
    const passes: [what: string, command: string][] = [
        ["gets the clones as its arguments", `sh -c 'test "$2" = "volumes/c 2" && test $# = 2' c`],
        ["knows the site", `sh -c 'test "$CINDER_DR_SITE" = lyon' c`],
        ["reads about them from stdin", `sh -c 'grep -q c1' c`],
    ];
    for (const [what, command] of passes)
        it(what, async () => {
            assert.equal((await runCheck(command, site, images, 10, never)).exitCode, 0);
        });

    it("fails with its own exit code", async () => {
        assert.equal((await runCheck("exit 7 #", site, images, 10, never)).exitCode, 7);
        assert.equal((await runCheck("kill -9 $$ #", site, images, 10, never)).exitCode, 128);
    });

    it("is ended with all it started when it takes too long", async () => {
        const start = performance.now();
        const { exitCode } = await runCheck("sleep 60 & sleep 60 #", site, images, 1, never);
        assert.equal(exitCode, undefined);
        assert.ok(performance.now() - start < 5000);
    });
});
