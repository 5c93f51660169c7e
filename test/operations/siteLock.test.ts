import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";
import { setTimeout } from "node:timers/promises";

import type { Finding } from "../../core/finding";
import type { CephSite } from "../../operations/cephSite";
import { ownWorker, type Claim, type Place } from "../../operations/worker";
import { Journal } from "../../operations/journal";
import { journalFolder } from "../../operations/journalFolder";
import type { Holder } from "../../operations/lockHolder";
import { LockedError, MIRROR_KEY, SiteLock } from "../../operations/siteLock";
import { RefusedError } from "../../operations/operationEnd";
import * as wait from "../../operations/wait";
import { withLocks, type FurtherLock } from "../../operations/withLocks";
import { ownJournals } from "../support/ownJournals";
import { runOptions } from "../support/runOptions";

describe("the lock of a site", () => {
    ownJournals();

    const own = { id: "x", who: "kim@bastion", verb: "failback" };
    const by: Holder = { ...own, who: "lee@desk", since: "now", word: "w", renewed: "noon" };
    const lives =
        "site lyon: lee@desk runs `failback` since now (operation x); it renewed the lock at noon by its own clock, and does so every 15 s while it lives";

    /** A site whose lock another one holds until it is taken over. @param holders what is seen, look after look; the last one stays */
    function heldBy(...holders: Holder[]) {
        const asked: Record<string, unknown>[] = [];
        const pool = (_: string, { do: verb, content, ...more }: Record<string, unknown>) => {
            asked.push({ verb, ...more, renewed: (content as Holder).renewed });
            const now = holders.length > 1 ? holders.shift() : holders[0];
            const { instead } = more as { instead?: Partial<Holder> };
            const isSeen = instead?.word === now?.word && instead?.renewed === now?.renewed;
            return Promise.resolve(
                more.instead !== undefined && isSeen ? { held: true } : { held: false, by: now },
            );
        };
        const at = { site: { name: "lyon" }, pool } as unknown as CephSite;
        return { at, asked };
    }
    const told: string[] = [];
    const waiter = {
        doing: (what: string) => told.push(what),
        signal: new AbortController().signal,
    };
    const pauses: number[] = [];
    let isInterrupted = false;
    beforeEach(() => {
        told.length = pauses.length = 0;
        isInterrupted = false;
        mock.method(wait, "pause", (milliseconds: number) => {
            pauses.push(milliseconds);
            return isInterrupted ? Promise.reject(new wait.InterruptedError()) : Promise.resolve();
        });
    });
    afterEach(() => {
        mock.restoreAll();
    });
    const take = ({ at }: { at: CephSite }, owner = own) =>
        SiteLock.take(at, "volumes", owner, undefined, waiter);
    const refused = (site: { at: CephSite }, owner = own): Promise<string> =>
        take(site, owner).then(
            () => "",
            (error: unknown) => (error as LockedError).message,
        );

    it("of another operation is never waited for", async () => {
        assert.equal(
            await refused(heldBy(by), { ...own, id: "y" }),
            `${lives}; when it is known to be gone, \`cinder-dr resume x\` there goes on, --break-lock x here takes over`,
        );
        assert.deepEqual(pauses, []);
    });

    it("is taken over once nothing was heard of its own operation's other process for a minute", async () => {
        const site = heldBy(by);
        await (await take(site)).release();
        assert.ok(pauses.length > 1 && pauses.every((one) => one < 15_000));
        assert.equal(
            pauses.reduce((sum, one) => sum + one, 0),
            60_000,
        );
        assert.deepEqual(
            told[2],
            "lee@desk holds the lock of site lyon for this operation, silent for 10 s: waiting to see whether it lives",
        );
        assert.deepEqual(site.asked.at(-2)?.instead, { word: "w", renewed: "noon" });
    });

    it("is left to the other process where that gives a sign of life, by whatever clock", async () => {
        const again = `${lives.replace("noon", "11:00")}; that is this very operation: wait for its end; when that process is known to be gone, --break-lock x goes on`;
        const site = heldBy(by, by, by, { ...by, renewed: "11:00" });
        assert.equal(await refused(site), again);
        assert.equal(pauses.length, 3);
        // At the last moment.
        const late = Array.from({ length: 13 }, () => by);
        assert.match(await refused(heldBy(...late, { ...by, renewed: "11:00" })), /at 11:00 by/);
        assert.match(await refused(heldBy(by, { ...by, word: "v" })), /that is this very/);
    });

    it("is taken at once from a process that is known here to be gone, and not from one of its name elsewhere", async () => {
        const worker = { ...ownWorker(), pid: 4194304000 };
        const { who } = own;
        await (await take(heldBy({ ...by, who, worker }))).release();
        assert.deepEqual(pauses, []);
        const place = { ...worker.place, boot: "b0", system: "s0" } as Place;
        await (await take(heldBy({ ...by, who, worker: { ...worker, place } }))).release();
        assert.ok(pauses.length > 0);
    });

    it("is asked for once by who takes the place of a process that is known here to be gone", async () => {
        const begun = { who: "kim@bastion", verb: "failover", backend: "ceph", version: "0" };
        const id = "20260101T000000-failover-ceph-0002";
        const first = Journal.create({ ...begun, id, flags: {} });
        const file = join(journalFolder(), `${id}.jsonl.pid`);
        const gone = { ...(JSON.parse(readFileSync(file, "utf8")) as Claim), pid: 4194304000 };
        first.close();
        const place = { ...gone.place, boot: "b0", system: "s0" } as Place;
        for (const [claim, known] of [
            [gone, { ...ownWorker(), pid: gone.pid }],
            [{ ...gone, place }, undefined],
            [{ pid: gone.pid }, undefined],
        ] as const) {
            const asked: { do: string; gone?: object }[] = [];
            const options = runOptions([]);
            options.parts.sites.secondary.pool = <T>(_: string, question: object) => {
                asked.push(question as { do: string });
                return Promise.resolve({ held: true } as T);
            };
            writeFileSync(file, JSON.stringify(claim));
            const journal = Journal.resume(id, undefined, [], id);
            try {
                await withLocks(options, journal, { locks: ["secondary"] }, () =>
                    Promise.resolve(),
                );
            } finally {
                journal.close();
            }
            assert.deepEqual(
                asked.map((one) => [one.do, one.gone]),
                [
                    ["lock", known],
                    ["unlock", undefined],
                ],
            );
        }
    });

    it("of a version before, which nobody sees to be renewed, is left to the operator's word", async () => {
        const old: Holder = { ...own, who: "lee@desk", since: "now" };
        const said =
            "site lyon: lee@desk runs `failback` since now (operation x); that is this very operation: wait for its end; when that process is known to be gone, --break-lock x goes on";
        assert.equal(await refused(heldBy(old)), said);
        assert.deepEqual(pauses, []);
    });

    it("is not waited for any more by whom the user interrupts", async () => {
        isInterrupted = true;
        await assert.rejects(take(heldBy(by)), wait.InterruptedError);
    });

    it("has the word of its process, the same all along, and another time at each renewal", async () => {
        const contents: Holder[] = [];
        const pool = (_: string, { content }: { content: Holder }) => {
            contents.push(content);
            return Promise.resolve({ held: true });
        };
        const at = { site: { name: "lyon" }, pool } as unknown as CephSite;
        const lock = await take({ at });
        await setTimeout(2);
        await lock.check();
        const [first, second] = contents;
        assert.match(first?.word ?? "", /^[0-9a-f]{16}$/);
        assert.equal(first?.word, second?.word);
        assert.notEqual(first?.renewed, second?.renewed);
        assert.equal(first?.worker?.pid, process.pid);
        await lock.release();
    });

    it("is lost to a process that has taken it over, though both drive one operation", async () => {
        let isTaken = false;
        const pool = () => Promise.resolve(isTaken ? { held: false, by } : { held: true });
        const lock = await take({
            at: { site: { name: "lyon" }, pool } as unknown as CephSite,
        });
        await lock.check();
        isTaken = true;
        await assert.rejects(lock.check(), LockedError);
        await lock.release();
    });

    it("of rbd-mirror lies where the cluster says, from its first answer on", async () => {
        const asked: unknown[][] = [];
        const pool = (name: string, { do: verb, ofCluster }: Record<string, unknown>) => {
            asked.push([verb, name, ofCluster]);
            return Promise.resolve({ held: true, pool: "cold", unseen: null });
        };
        const at = { site: { name: "lyon" }, pool } as unknown as CephSite;
        const lock = await SiteLock.take(at, "volumes", own, undefined, waiter, MIRROR_KEY);
        await lock.check();
        await lock.release();
        assert.equal(lock.unseen, undefined);
        assert.deepEqual(asked, [
            ["lock", "volumes", true],
            ["renew", "cold", undefined],
            ["unlock", "cold", undefined],
        ]);
        asked.length = 0;
        await (await take({ at })).release();
        assert.deepEqual(asked[0], ["lock", "volumes", undefined]);
    });

    it("is taken from an operation that this machine knows to be over", async () => {
        const one = { id: "20260101T000000-failover-ceph-0001", who: "kim", verb: "failover" };
        const journal = Journal.create({ ...one, backend: "ceph", version: "0", flags: {} });
        const brokenBy: unknown[] = [];
        const at = {
            site: { name: "lyon" },
            pool: (_: string, asked: { do: string; break?: string }) => {
                if (asked.do !== "lock") return Promise.resolve({ held: false });
                brokenBy.push(asked.break);
                const by = { ...one, since: "now" };
                return Promise.resolve(
                    asked.break === one.id ? { held: true } : { held: false, by },
                );
            },
        } as unknown as CephSite;
        const locked = () => take({ at }, { ...one, id: "another" });
        await assert.rejects(locked(), LockedError);
        journal.end({ outcome: "done", fact: "", left: [] });
        await assert.rejects(locked(), LockedError);
        journal.close();
        await (await locked()).release();
        assert.deepEqual(brokenBy, [undefined, undefined, undefined, one.id]);
    });

    describe("on a cluster that takes no writes", () => {
        /** What comes of the locks of a forced failover of pool volumes. @param full pools that are full */
        async function locked(full: string[], further: FurtherLock[] = [], unseen?: string) {
            const found: Finding[] = [];
            const begun = { id: "1-failover-ceph", who: "kim", verb: "failover --forced" };
            const journal = Journal.create({ ...begun, backend: "ceph", version: "0", flags: {} });
            const options = runOptions(found);
            options.parts.sites.secondary.pool = <T>(pool: string, { do: verb }: { do: string }) =>
                Promise.resolve(
                    (verb === "lock" && full.includes(pool)
                        ? { held: false, flags: ["full"] }
                        : { held: true, unseen }) as T,
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

        it("is told of rbd-mirror's pool, which may be another topology's", async () => {
            const [one] = await locked(["fast"], [{ pool: "fast", key: MIRROR_KEY }]);
            assert.equal(one?.subject, "rbd-mirror of site lyon");
            assert.match(one.fact, /pool 'fast' is full/);
            assert.equal(one.next, "see that no other forced failover to lyon runs meanwhile");
        });

        it("is told where another topology does not look for it", async () => {
            const unseen = "pool 'alpha': PermissionError";
            const [one, ...more] = await locked([], [{ pool: "fast", key: MIRROR_KEY }], unseen);
            assert.deepEqual(one, {
                state: "warning",
                subject: "site lyon",
                fact: "which of its pools are mirrored cannot be seen (pool 'alpha': PermissionError), so its rbd-mirror's lock lies in pool fast, where another topology does not look",
                next: "see that no other forced failover to lyon runs meanwhile; its Ceph user needs osd 'profile rbd' for every mirrored pool",
            });
            assert.deepEqual(more, []);
        });
    });
});
