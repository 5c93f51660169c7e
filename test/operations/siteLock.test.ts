import { strict as assert } from "node:assert";

import type { Finding } from "../../core/finding";
import type { CephSite } from "../../operations/cephSite";
import { Journal } from "../../operations/journal";
import { LockedError, SiteLock } from "../../operations/siteLock";
import { RefusedError } from "../../operations/operationEnd";
import { withLocks, type FurtherLock } from "../../operations/withLocks";
import { ownJournals } from "../support/ownJournals";
import { runOptions } from "../support/runOptions";

describe("the lock of a site", () => {
    ownJournals();

    it("says of its own operation on another machine how to go on", async () => {
        const by = { id: "x", who: "lee@desk", verb: "failback", since: "now" };
        const at = (silentSeconds: number): CephSite =>
            ({
                site: { name: "lyon" },
                pool: () => Promise.resolve({ held: false, by: { ...by, silentSeconds } }),
            }) as unknown as CephSite;
        const said = (id: string, silent: number) =>
            SiteLock.take(at(silent), "volumes", { id, who: "kim@bastion", verb: "failback" }).then(
                () => "",
                (error: unknown) => (error as LockedError).message,
            );
        const holder = "site lyon: lee@desk runs `failback` since now (operation x)";
        assert.equal(
            await said("x", 7),
            `${holder}, which is this very operation: wait for its end; it has not renewed the lock for 7 s; after 60 s of silence the same command goes on, at once with --break-lock x when that process is known to be gone`,
        );
        assert.equal(await said("y", 60), holder);
        assert.match(await said("y", 61), /for 61 s and may be gone: `cinder-dr resume x` there/);
    });

    it("is taken from an operation that this machine knows to be over", async () => {
        const one = { id: "20260101T000000-failover-ceph-0001", who: "kim", verb: "failover" };
        const own = Journal.create({ ...one, backend: "ceph", version: "0", flags: {} });
        const brokenBy: unknown[] = [];
        const at = {
            site: { name: "lyon" },
            pool: (_: string, asked: { do: string; break?: string }) => {
                if (asked.do !== "lock") return Promise.resolve({ held: false });
                brokenBy.push(asked.break);
                const by = { ...one, since: "now", silentSeconds: 0 };
                return Promise.resolve(
                    asked.break === one.id ? { held: true } : { held: false, by },
                );
            },
        } as unknown as CephSite;
        const locked = () => SiteLock.take(at, "volumes", { ...one, id: "another" });
        await assert.rejects(locked(), LockedError);
        own.end({ outcome: "done", fact: "", left: [] });
        await assert.rejects(locked(), LockedError);
        own.close();
        await (await locked()).release();
        assert.deepEqual(brokenBy, [undefined, undefined, undefined, one.id]);
    });

    describe("on a cluster that takes no writes", () => {
        /** What comes of the locks of a forced failover of pool volumes. @param full pools that are full */
        async function locked(full: string[], further: FurtherLock[] = []) {
            const found: Finding[] = [];
            const begun = { id: "1-failover-ceph", who: "kim", verb: "failover --forced" };
            const journal = Journal.create({ ...begun, backend: "ceph", version: "0", flags: {} });
            const options = runOptions(found);
            options.parts.sites.secondary.pool = <T>(pool: string, { do: verb }: { do: string }) =>
                Promise.resolve(
                    (verb === "lock" && full.includes(pool)
                        ? { held: false, flags: ["full"] }
                        : { held: true }) as T,
                );
            const locks = { locks: ["secondary"] as const, further: () => further };
            try {
                await withLocks(options, journal, locks, () => Promise.resolve());
            } finally {
                journal.close();
            }
            return found;
        }

        it("is a refusal that names it, with its cure", async () => {
            await assert.rejects(locked(["volumes"]), (error) => {
                assert.ok(error instanceof RefusedError, String(error));
                const fact =
                    "pool 'volumes' is full (no space): each write waits, the lock of a move first";
                assert.equal(error.message, `refused, nothing was changed: site lyon: ${fact}`);
                const next =
                    "`ceph osd set-full-ratio 0.97` for the moment; then add OSDs or delete";
                assert.deepEqual(error.blockers, [{ subject: "site lyon", fact, next }]);
                return true;
            });
        });

        it("is told of another backend's pool, and in nobody's way", async () => {
            const [one, ...more] = await locked(["fast"], [{ pool: "fast" }]);
            assert.match(
                one?.fact ?? "",
                /its lock cannot be taken: site lyon: pool 'fast' is full/,
            );
            assert.deepEqual(more, []);
        });
    });
});
