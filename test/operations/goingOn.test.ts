import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";

import type { BackendKey } from "../../core/backendKey";
import type { Finding } from "../../core/finding";
import type { Begun } from "../../core/operation";
import { Journal } from "../../operations/journal";
import { BusyError } from "../../operations/claim";
import { listJournals, readJournal } from "../../operations/journalFolder";
import { OpenStackError } from "../../operations/openstack";
import { PartialError, RefusedError } from "../../operations/operationEnd";
import { operate, type RunOptions } from "../../operations/run";
import { SiteLock } from "../../operations/siteLock";
import { withServersStopped } from "../../operations/stoppedServers";
import { foreign, own } from "../support/backendKey";
import { claimElsewhere } from "../support/claimElsewhere";
import { FakeServers } from "../support/fakeServers";
import { ownJournals } from "../support/ownJournals";
import { runOptions } from "../support/runOptions";

const VERB = "failover --planned";
const ID = "20261122T201503-failover-ceph-7f2a";

describe("the move that a command goes on with", () => {
    const journals = ownJournals();
    let found: Finding[] = [];
    let moving: unknown[] = [];
    beforeEach(() => {
        found = [];
        moving = [];
        const free = { release: () => Promise.resolve(), check: () => Promise.resolve() };
        mock.method(SiteLock, "take", () => Promise.resolve(free));
    });
    afterEach(() => {
        mock.restoreAll();
    });

    /** A move that was cut short when its first host was about to move, hours ago. */
    function cutShort(key: BackendKey, hours = 0): void {
        const at = Date.now() - hours * 3_600_000;
        mock.timers.enable({ apis: ["Date"], now: at });
        const begun = { ...key, id: ID, verb: VERB, who: "ops@bastion", version: "0", flags: {} };
        const journal = Journal.create(begun);
        journal.append({ kind: "noted", step: "failover-host", data: { host: "a@ceph" } });
        journal.close();
        mock.timers.reset();
    }
    const textOf = () => readFileSync(join(journals.folder, `${ID}.jsonl`), "utf8");

    /** Runs the verb. @returns the operation's id, or the error */
    const run = (id?: string, more: Partial<RunOptions> = {}): Promise<unknown> =>
        operate(
            { ...runOptions(found), ...more },
            {
                ...(id === undefined ? {} : { id }),
                ...{ verb: VERB, locks: ["secondary"], flags: {} },
                body: ({ journal }) => {
                    moving = journal.entries.filter(({ step }) => step === "failover-host");
                    return Promise.resolve("");
                },
            },
        ).catch((error: unknown) => error);

    it("is one of the same cloud, sites and pool", async () => {
        cutShort(own);
        assert.equal(await run(), ID);
        assert.equal(moving.length, 1);
    });

    const { of } = own;
    const others: [string, BackendKey][] = [
        ["another cloud", foreign],
        ["other sites", { ...own, of: { ...of, sites: ["paris", "nice"] } }],
        ["the sites the other way round", { ...own, of: { ...of, sites: ["lyon", "paris"] } }],
        ["another pool", { ...own, of: { ...of, pool: "fast" } }],
        ["another section", { ...own, backend: "fast" }],
        ["before journals told it", { backend: "ceph" }],
    ];
    for (const [what, key] of others)
        it(`is none of ${what}: one is begun, which tells its own`, async () => {
            cutShort(key);
            const before = textOf();
            const id = await run();
            assert.ok(typeof id === "string" && id !== ID, String(id));
            assert.deepEqual(moving, []);
            const { backend, of: kept } = readJournal(id)[0]?.data as Begun;
            assert.deepEqual({ backend, of: kept }, own);
            assert.equal(textOf(), before);
        });

    it("is not busy for want of another cloud's that runs", async () => {
        cutShort(foreign);
        claimElsewhere(journals.folder, ID);
        assert.equal(typeof (await run()), "string");
    });

    it("is refused by its id where it is another cloud's, and is left as it was", async () => {
        cutShort(foreign);
        const before = textOf();
        const error = await run(ID);
        assert.ok(error instanceof RefusedError);
        assert.equal(
            error.message,
            `refused, nothing was changed: operation ${ID} is of backend ceph with pool volumes between paris and lyon, of Cinder 77ab/RegionOne; these credentials and this topology lead to backend ceph with pool volumes between paris and lyon, of Cinder 3f0c/RegionOne (Cinder by its service id in Keystone, and its region): set OS_CLOUD, and name --stack or --topology, as it was begun`,
        );
        assert.equal(textOf(), before);
        assert.deepEqual(found, []);
    });

    it("is gone on with by its id, however old, also where its journal does not tell the cloud", async () => {
        cutShort({ backend: "ceph" }, 999);
        assert.equal(await run(ID), ID);
        assert.equal(moving.length, 1);
    });

    for (const hours of [25, -25])
        it(`is refused ${String(hours)} h after its last entry, when the verb is typed anew`, async () => {
            cutShort(own, hours);
            const before = textOf();
            const error = await run();
            assert.ok(error instanceof RefusedError, String(error));
            assert.match(
                error.message,
                /^refused, nothing was changed: `failover --planned` was cut short as operation \S+, 1\.0 days ago/,
            );
            const file = join(journals.folder, `${ID}.jsonl`);
            for (const way of [
                `\`cinder-dr resume ${ID}\` goes on`,
                `\`cinder-dr report ${ID}\` shows it`,
                `move ${file} away`,
            ])
                assert.ok(error.message.includes(way), error.message);
            assert.equal(textOf(), before);
            assert.equal(listJournals().length, 1);
        });
    for (const hours of [23, -23])
        it(`is gone on with ${String(hours)} h after its last entry`, async () => {
            cutShort(own, hours);
            assert.equal(await run(), ID);
        });

    it("is busy, however old, while somebody may work on it; by the word that it is gone, it is old", async () => {
        cutShort(own, 25);
        claimElsewhere(journals.folder, ID);
        assert.ok((await run()) instanceof BusyError);
        const error = await run(undefined, { breakLock: ID });
        assert.ok(error instanceof RefusedError, String(error));
        assert.ok(error.message.includes(`\`cinder-dr resume ${ID} --break-lock ${ID}\` goes on`));
    });

    /** What a command is started with whose sign-in fails. */
    function signedOut(): Partial<RunOptions> {
        const { parts } = runOptions([]);
        const cinder = { ...parts.cinder, identity: () => Promise.reject(KEYSTONE) };
        return { parts: { ...parts, cinder } as unknown as RunOptions["parts"] };
    }
    const KEYSTONE = new OpenStackError("Keystone at http://k does not answer");

    it("is not known where the sign-in fails: no journal is begun or gone on with", async () => {
        assert.equal(await run(undefined, signedOut()), KEYSTONE);
        assert.deepEqual(listJournals(), []);
        cutShort(own);
        const before = textOf();
        assert.equal(await run(undefined, signedOut()), KEYSTONE);
        assert.equal(found.length, 0);
        const error = await run(ID, signedOut());
        // It has called a failover.
        assert.ok(error instanceof PartialError, String(error));
        assert.equal(error.message, KEYSTONE.message);
        assert.equal(found[0]?.next, `see why, then \`cinder-dr resume ${ID}\``);
        assert.equal(textOf(), before);
    });

    for (const [what, key, hours, id, message] of [
        ["another cloud's", foreign, 0, ID, /operation \S+ is of backend ceph/],
        ["too old", own, 25, undefined, /1\.0 days ago/],
    ] as const)
        it(`has no server stopped nor started where it is ${what}`, async () => {
            const cloud = new FakeServers(1);
            const begin = { ...runOptions(found), source: {} };
            const parts = Object.assign(begin.parts, { cinder: cloud.cinder });
            const words = { move: "planned", verb: VERB, nova: cloud.nova, batch: 1 } as const;
            const refuse = () => undefined;
            cutShort(key, hours);
            const named = id === undefined ? {} : { id };
            const move = withServersStopped(
                { ...begin, parts },
                { ...words, ...named, refuse },
                () => Promise.resolve("moved"),
            );
            await assert.rejects(move, { name: "RefusedError", message });
            assert.deepEqual(cloud.orders, []);
        });
});
