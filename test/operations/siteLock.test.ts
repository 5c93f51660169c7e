import { strict as assert } from "node:assert";

import type { CephSite } from "../../operations/cephSite";
import { Journal } from "../../operations/journal";
import { LockedError, SiteLock } from "../../operations/siteLock";
import { ownJournals } from "../support/ownJournals";

describe("the lock of a site", () => {
    ownJournals();

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
});
