import { strict as assert } from "node:assert";
import { mock } from "node:test";

import * as moveBackend from "../../operations/moveBackend";
import { PartialError } from "../../operations/operationEnd";
import { putBack } from "../../operations/putBack";
import type { Run } from "../../operations/run";
import { fakeClock } from "../support/fakeClock";
import { runOptions } from "../support/runOptions";
import { reader, row, survey, writer } from "../support/survey";

describe("images that a restarted cinder-volume left half moved", () => {
    fakeClock();
    afterEach(() => {
        mock.restoreAll();
    });

    const called = { kind: "noted", step: "failover-host", data: { host: row().host } };

    /** @param states of the copy that was left, look by look; the last one stays @returns what was asked of the sites */
    async function asked(...states: string[]): Promise<string[]> {
        let looks = 0;
        mock.method(moveBackend, "lookAtBoth", () => {
            const state = states[Math.min(looks++, states.length - 1)] ?? "";
            return Promise.resolve(survey({ primary: reader({ state }), secondary: writer() }));
        });
        const done: string[] = [];
        const site = (name: string) => ({
            refusedImages: (_: string, { do: what }: { do: string }) => {
                done.push(`${what} on ${name} after ${String(looks)} looks`);
                return Promise.resolve([]);
            },
        });
        const options = runOptions([]);
        const run = {
            ...options,
            journal: { id: "x", entries: [called] },
            parts: { ...options.parts, sites: { primary: site("paris"), secondary: site("lyon") } },
        } as unknown as Run;
        await putBack(run, "planned").catch((error: unknown) => {
            done.push(String(error));
            assert.ok(error instanceof PartialError);
        });
        return done;
    }

    it("are demoted only once the copy that was left has replayed their promotion", async () => {
        assert.deepEqual(await asked("up+unknown", "up+starting_replay", "up+replaying"), [
            "demote on lyon after 3 looks",
            "promote on paris after 3 looks",
        ]);
    });

    it("are left alone where nobody replays them", async () => {
        const [error = "", ...more] = await asked("down+replaying");
        assert.match(
            error,
            /1 half moved image\(s\) are primary on lyon, and paris does not replay/,
        );
        assert.deepEqual(more, []);
    });
});
