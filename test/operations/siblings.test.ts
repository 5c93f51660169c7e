import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import { RefusedError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import { mindSiblings, mirrorLock, siblingPools } from "../../operations/siblings";
import { LockedError, MIRROR_KEY, SiteLock } from "../../operations/siteLock";
import type { Journal } from "../../operations/journal";
import { whoAmI } from "../../operations/operator";
import { withLocks, type FurtherLock } from "../../operations/withLocks";
import { InterruptedError } from "../../operations/wait";
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
    function run(
        sections: string[],
        status = "enabled",
        state = "up",
        backends = [backend, fast, far],
    ): Run {
        const services = () =>
            Promise.resolve([
                row(),
                row({ host: "cinder-a@fast", replication_status: status, state }),
            ]);
        return {
            backend,
            found: (one: Finding) => found.push(one),
            parts: {
                topology: { backends },
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
        assert.deepEqual(siblingPools(run([section, "fast"])), [{ pool: "fast" }]);
    });

    it("are not cut off while they fail over, unless they hang in it", async () => {
        await assert.rejects(mindSiblings(run([section, "fast"], "failing-over")), RefusedError);
        await mindSiblings(run([section, "fast"], "failing-over", "down"));
    });

    describe("and their locks", () => {
        const holder = { id: "y", who: "kim", verb: "drill", since: "now" };
        const taken: string[] = [];
        const given: string[] = [];
        const errors = new Map<string, Error>();
        let lost = "";
        const owners = new Set<string>();
        const journal = { id: "x", begun: { who: "lee@desk" } } as unknown as Journal;
        const locked = (...further: FurtherLock[]) =>
            withLocks(run([]), journal, { locks: ["secondary"], further: () => further }, () =>
                Promise.resolve(),
            );
        beforeEach(() => {
            for (const list of [taken, given]) list.length = 0;
            errors.clear();
            lost = "";
            const take = (
                _at: unknown,
                pool: string,
                owner: { who: string },
                _b: unknown,
                _w: unknown,
                key = "",
            ) => {
                owners.add(owner.who);
                const name = `${pool}${key}`;
                const error = errors.get(name);
                if (error !== undefined) return Promise.reject(error);
                taken.push(name);
                return Promise.resolve({
                    release: () => Promise.resolve(given.push(name)),
                    check: () =>
                        lost === name
                            ? Promise.reject(new LockedError("lyon", holder))
                            : Promise.resolve(),
                });
            };
            mock.method(SiteLock, "take", take);
        });

        it("are taken in one order, whoever takes them, and are given back", async () => {
            await locked({ pool: "zinc" }, { pool: "fast" }, { pool: "fast", key: ".mirror" });
            assert.deepEqual(taken, ["fast", backend.pool, "zinc", "fast.mirror"]);
            assert.deepEqual(given, taken);
            // Who goes on, and not who has begun it.
            assert.deepEqual([...owners], [whoAmI()]);
        });

        it("stand in nobody's way where a pool cannot be asked", async () => {
            errors.set("far", new Error("no such pool"));
            await locked({ pool: "far" });
            assert.deepEqual(taken, [backend.pool]);
            assert.match(
                found.map((f) => f.fact).join(),
                /^its lock cannot be taken: no such pool$/,
            );
        });

        it("are not gone on without by whom the user interrupts", async () => {
            errors.set("far", new InterruptedError());
            await assert.rejects(locked({ pool: "far" }), InterruptedError);
            assert.deepEqual(found, []);
        });

        it("refuse while another has one", async () => {
            errors.set("zinc", new LockedError("lyon", holder));
            await assert.rejects(locked({ pool: "zinc" }), LockedError);
            assert.deepEqual(given, [backend.pool]);
        });

        it("are each proven to be still its own, the last one too", async () => {
            const proven = (name: string) => {
                lost = name;
                const further = () => [{ pool: "zinc" }];
                return withLocks(run([]), journal, { locks: ["secondary"], further }, (stillMine) =>
                    stillMine(),
                );
            };
            await proven("");
            for (const name of [backend.pool, "zinc"])
                await assert.rejects(proven(name), LockedError);
        });

        it("hold a site's rbd-mirror, also where there is one backend", () => {
            assert.deepEqual(mirrorLock(run([section])), { pool: "far", key: MIRROR_KEY });
            assert.deepEqual(mirrorLock(run([section], "enabled", "up", [backend])), {
                pool: backend.pool,
                key: MIRROR_KEY,
            });
        });
    });
});
