import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import { RefusedError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import { mindSiblings, siblingPools } from "../../operations/siblings";
import { LockedError, SiteLock } from "../../operations/siteLock";
import type { Journal } from "../../operations/journal";
import { withLocks } from "../../operations/withLocks";
import { backend, row } from "../support/survey";

describe("backends of the same cinder-volume", () => {
    const found: Finding[] = [];
    const fast = { ...backend, section: "fast", pool: "fast" };
    const far = { ...backend, section: "far", pool: "far" };
    beforeEach(() => {
        found.length = 0;
    });
    afterEach(() => {
        mock.restoreAll();
    });

    /** @param status of the sibling's service */
    function run(sections: string[], status = "enabled", state = "up"): Run {
        const services = () =>
            Promise.resolve([
                row(),
                row({ host: "cinder-a@fast", replication_status: status, state }),
            ]);
        return {
            backend,
            found: (one: Finding) => found.push(one),
            parts: {
                topology: { backends: [backend, fast, far] },
                cinder: { services },
                hostsOf: () => [{ host: { backends: sections } }],
                sites: { secondary: { site: { name: "lyon" } } },
            },
        } as unknown as Run;
    }
    const { section } = backend;

    it("are none where the hosts serve one", async () => {
        await mindSiblings(run([section]));
        assert.deepEqual(found, []);
        assert.deepEqual(siblingPools(run([section])), []);
    });

    it("are said to be stopped with it", async () => {
        await mindSiblings(run([section, "fast"]));
        assert.deepEqual(
            found.map(({ state, subject }) => [state, subject]),
            [["warning", "backend fast"]],
        );
        assert.deepEqual(siblingPools(run([section, "fast"])), ["fast"]);
    });

    it("are not cut off while they fail over, unless they hang in it", async () => {
        await assert.rejects(mindSiblings(run([section, "fast"], "failing-over")), RefusedError);
        await mindSiblings(run([section, "fast"], "failing-over", "down"));
    });

    it("are locked with it; one whose pool cannot be asked stands in nobody's way", async () => {
        const holder = { id: "y", who: "kim", verb: "drill", since: "now", silentSeconds: 0 };
        const [taken, given]: string[][] = [[], []];
        const errors: Record<string, Error> = { far: new Error("no such pool") };
        mock.method(SiteLock, "take", (_: unknown, pool: string) => {
            if (errors[pool] !== undefined) return Promise.reject(errors[pool]);
            taken?.push(pool);
            return Promise.resolve({ release: () => Promise.resolve(given?.push(pool)) });
        });
        const journal = { id: "x", begun: {} } as unknown as Journal;
        const locked = (pools: string[]) =>
            withLocks(run([]), journal, { locks: ["secondary"], pools }, () => Promise.resolve());
        await locked(["fast", "far"]);
        assert.deepEqual(
            [taken, given],
            [
                [backend.pool, "fast"],
                [backend.pool, "fast"],
            ],
        );
        assert.match(
            found.map(({ fact }) => fact).join(),
            /^its lock cannot be taken: no such pool$/,
        );
        errors.fast = new LockedError("lyon", holder);
        await assert.rejects(locked(["fast"]), LockedError);
        assert.deepEqual(given, [backend.pool, "fast", backend.pool]);
    });
});
