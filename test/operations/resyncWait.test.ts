import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import type { ImageView, PoolView } from "../../core/replica";
import { RemoteError } from "../../operations/remoteError";
import { waitFollowing, waitReady } from "../../operations/resyncWait";
import type { Run } from "../../operations/run";
import * as wait from "../../operations/wait";
import { backend, names, reader, row, topology, view, writer } from "../support/survey";

const VOLUME = {
    id: "v1",
    name: "db",
    status: "available",
    replication_status: "failed-over",
    "os-vol-host-attr:host": "cinder-a@ceph#ceph",
    volume_type: "replicated",
};

const syncing = reader({ state: "up+syncing", description: "syncing, copying" });
/** Has replayed all, and lacks rbd-mirror's word for the last entry. */
const unconfirmed = reader({
    description:
        'replaying, {"entries_behind_primary":1,"primary_position":{"entry_tid":100,"tag_tid":3}}',
});
const lastEntry: ImageView["positions"] = { "": [3, 100], peer: [3, 99] };

describe("a wait for a resync", () => {
    const clock = { now: 0 };
    /** Seconds after which the copy has come to its end. */
    let ends = 0;
    /** What is on each site by then. */
    let then: { primary?: ImageView; secondary?: ImageView; volumes: object[] };
    let before: { primary: ImageView; secondary: ImageView };
    /** What was asked, of Cinder and of the sites. */
    let asked: string[] = [];
    let cinderAt: number[] = [];
    /** What the wait says it is at, and what it warns of. */
    let [said, told]: [Set<string>, string[]] = [new Set(), []];
    let primaryHas: Partial<PoolView> = {};
    /** What the sites fail with, and the flush alone. */
    let failure: Error | undefined;
    let flushFailure: (() => Error | undefined) | undefined;
    beforeEach(() => {
        clock.now = 0;
        mock.method(performance, "now", () => clock.now);
        mock.method(wait, "pause", (milliseconds: number) => {
            clock.now += milliseconds;
            return Promise.resolve();
        });
        ends = 0;
        before = { primary: syncing, secondary: writer() };
        then = { primary: reader(), secondary: writer(), volumes: [VOLUME] };
        [asked, cinderAt, said, told] = [[], [], new Set(), []];
        [primaryHas, failure, flushFailure] = [{}, undefined, undefined];
    });
    afterEach(() => {
        mock.restoreAll();
    });

    const isOver = () => clock.now >= ends * 1000;
    function run(): Run {
        const site = (name: string, image: () => ImageView | undefined) => ({
            site: { name },
            pool: (_: string, { users = false }: { users?: boolean }) => {
                asked.push(`look${users ? " for users" : ""} on ${name}`);
                const seen = image();
                if (failure !== undefined) return Promise.reject(failure);
                if (seen === undefined) return Promise.resolve(view({}));
                const shown = { ...seen };
                if (!users) delete shown.users;
                const more = name === "paris" ? primaryHas : {};
                return Promise.resolve(view({ "volume-v1": shown }, more));
            },
            refusedImages: (_: string, { images }: { images: string[] }) => {
                asked.push(`flush ${images.join()} on ${name}`);
                const error = flushFailure?.();
                if (error !== undefined) return Promise.reject(error);
                ends = 0;
                return Promise.resolve([]);
            },
        });
        const none = () => Promise.resolve([]);
        const cinder = {
            services: () => Promise.resolve([row({ active_backend_id: "lyon" })]),
            allVolumes: () => {
                cinderAt.push(clock.now / 1000);
                return Promise.resolve(isOver() ? then.volumes : [VOLUME]);
            },
            allSnapshots: none,
            volumeTypes: none,
        };
        const sites = {
            primary: site("paris", () => (isOver() ? then.primary : before.primary)),
            secondary: site("lyon", () => (isOver() ? then.secondary : before.secondary)),
        };
        return {
            backend,
            parts: { topology, cinder, sites, names, hostsOf: () => [] },
            signal: new AbortController().signal,
            doing: (what: string) => said.add(what),
            found: ({ subject, fact }: Finding) => told.push(`${subject}: ${fact}`),
            journal: { entries: [], append: () => undefined },
        } as unknown as Run;
    }
    const looks = () => asked.filter((line) => line === "look on paris").length;

    it("of an hour asks Cinder once a minute, the sites ever less often, and never who has images open", async () => {
        ends = 3600;
        assert.equal(await waitReady(run(), 14_400), 1);
        assert.ok(cinderAt.length <= 62, `Cinder was asked ${String(cinderAt.length)} times`);
        assert.ok(looks() < 300, `each site was asked ${String(looks())} times`);
        assert.deepEqual([...new Set(asked)], ["look on paris", "look on lyon"]);
        assert.ok(clock.now <= 3621_000, String(clock.now));
    });

    it("of some seconds is no longer than before, and ends by what Cinder says then", async () => {
        ends = 13;
        assert.equal(await waitReady(run(), 14_400), 1);
        assert.equal(clock.now, 14_000);
        assert.deepEqual(cinderAt, [0, 14]);
    });

    it("takes no volume for lost that was deleted since Cinder was asked", async () => {
        for (const waits of [waitReady, waitFollowing]) {
            ends = clock.now / 1000 + 30;
            then = { volumes: [] };
            const result = await waits(run(), 14_400);
            assert.deepEqual(result, waits === waitReady ? 0 : { count: 0, lost: [] });
        }
    });

    const left = (...users: string[]) => ({
        primary: unconfirmed,
        secondary: writer({ positions: lastEntry, users }),
    });

    it("flushes what lacks only that, and asks first who has it open", async () => {
        ends = Infinity;
        before = left();
        assert.equal(await waitReady(run(), 60), 1);
        assert.deepEqual(asked.slice(0, 5), [
            "look on paris",
            "look on lyon",
            "look for users on paris",
            "look for users on lyon",
            "flush volume-v1 on lyon",
        ]);
    });

    it("flushes nothing that a client has open", async () => {
        ends = 20;
        before = left("10.0.0.9:0/1");
        assert.equal(await waitReady(run(), 60), 1);
        assert.ok(asked.includes("look for users on lyon"));
        assert.ok(!asked.some((line) => line.startsWith("flush")), asked.join());
    });

    it("outlives a flush without an answer, and ends after two minutes of them", async () => {
        ends = Infinity;
        before = left();
        let fails = 2;
        flushFailure = () => (fails-- > 0 ? new RemoteError("site lyon", "lost") : undefined);
        assert.equal(await waitReady(run(), 600), 1);
        ends = Infinity;
        flushFailure = () => new RemoteError("site lyon", "lost");
        clock.now = 0;
        await assert.rejects(waitReady(run(), 600), /^Error: no whole look for 120 s.*lyon: lost$/);
        assert.ok(clock.now > 120_000 && clock.now < 150_000, String(clock.now));
    });

    it("names who was silent, and why", async () => {
        failure = new RemoteError("site paris", "the host shows another key than the pinned one");
        await assert.rejects(waitReady(run(), 14_400), /site paris cannot be asked: .*another key/);
    });

    it("says which image it is at, in rbd-mirror's words", async () => {
        for (const waits of [waitReady, waitFollowing]) {
            [ends, said] = [clock.now / 1000 + 60, new Set()];
            await waits(run(), 14_400);
            assert.match(
                [...said].join("\n"),
                /0 of 1 images replay.*; v1 \(db\): up\+syncing on paris: syncing, copying$/m,
            );
            assert.deepEqual(told, []);
        }
    });

    for (const [what, given, warning] of [
        ["a full primary", { flags: { list: ["full"] } }, /^site paris: .* 3 minutes: .*full/],
        ["no rbd-mirror", { daemons: { list: [] } }, /^site paris: .* 3 minutes: no rbd-mirror/],
        ["an error", {}, /^resync: 1 image.* 3 minutes: v1 \(db\): up\+error on paris: .*No space/],
    ] as const)
        it(`warns once of ${what} that stays, and ends with it`, async () => {
            for (const waits of [waitReady, waitFollowing]) {
                [told, clock.now] = [[], 0];
                ends = Infinity;
                primaryHas = given as Partial<PoolView>;
                if (what === "an error")
                    before.primary = reader({
                        ...{ state: "up+error", description: "(28) No space left on device" },
                    });
                const error: unknown = await waits(run(), 3600).catch((e: unknown) => e);
                assert.ok(error instanceof Error);
                assert.equal(told.length, 1, told.join("\n"));
                assert.match(told[0] ?? "", warning);
                assert.match(error.message, /full|no rbd-mirror|No space/);
            }
        });

    it("warns of nothing that passes", async () => {
        primaryHas = { daemons: { list: [] } };
        ends = 120;
        await waitReady(run(), 3600);
        assert.deepEqual(told, []);
    });
});
