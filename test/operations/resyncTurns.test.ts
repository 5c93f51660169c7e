import { strict as assert } from "node:assert";
import { mock } from "node:test";

import { FLAGGED_AT_A_TIME } from "../../core/failback";
import type { JournalEntry } from "../../core/operation";
import type { ImageView } from "../../core/replica";
import { OpenStackError } from "../../operations/openstack";
import { PartialError, RefusedError } from "../../operations/operationEnd";
import { discard } from "../../operations/resync";
import { waitFollowing, waitReady } from "../../operations/resyncWait";
import type { Run } from "../../operations/run";
import { RemoteError } from "../../operations/remoteError";
import { takeSurvey } from "../../operations/takeSurvey";
import * as wait from "../../operations/wait";
import { backend, names, reader, row, topology, view, writer } from "../support/survey";

const AT = "2026-11-22T20:00:00.000Z";
const forked = reader({ state: "up+error", description: "split-brain detected" });
const syncing = reader({ state: "up+syncing", description: "syncing, 12%" });

/** An old primary whose images have all forked, and whose rbd-mirror copies five of the flagged ones at a time. */
class OldPrimary {
    readonly images = new Map<string, ImageView>();
    readonly entries: JournalEntry[] = [];
    readonly asked: string[] = [];
    /** Most images that were no copy at once. */
    most = 0;
    active: string | null = "secondary";
    /** What the next question for a resync ends with, after it was carried out. */
    failure: Error | undefined;
    owner: Error | undefined;
    isStuck = false;

    constructor(count: number) {
        for (let i = 0; i < count; i++) this.images.set(`volume-v${String(i)}`, writer());
        const data = [...this.images.keys()];
        this.entries.push({ at: AT, kind: "noted", step: "given up", data });
    }

    of(state: string): string[] {
        return [...this.images].filter(([, image]) => image.state === state).map(([name]) => name);
    }

    private act(verb: string, images: readonly string[]): void {
        this.asked.push(`${verb} ${String(images.length)}`);
        for (const name of images) this.images.set(name, verb === "demote" ? forked : syncing);
        this.most = Math.max(this.most, this.of("up+syncing").length);
        const { failure } = this;
        if (verb === "demote" || failure === undefined) return;
        this.failure = undefined;
        throw failure;
    }

    /** Some time goes by. */
    copy(): void {
        if (this.isStuck) return;
        for (const name of this.of("up+syncing").slice(0, 5)) this.images.set(name, reader());
    }

    run(): Run {
        const names_ = [...this.images.keys()];
        const volumes = names_.map((image) => ({
            ...{ id: image.slice("volume-".length), name: "", status: "available", size: 1 },
            ...{ replication_status: "failed-over", volume_type: "replicated" },
            "os-vol-host-attr:host": "cinder-a@ceph#ceph",
        }));
        const none = () => Promise.resolve([]);
        const whole = Object.fromEntries(names_.map((name) => [name, writer()]));
        return {
            backend,
            parts: {
                ...{ topology, names, hostsOf: () => [] },
                cinder: {
                    services: () => Promise.resolve([row({ active_backend_id: this.active })]),
                    allVolumes: () => Promise.resolve(volumes),
                    allSnapshots: none,
                    volumeTypes: none,
                },
                sites: {
                    primary: {
                        site: {},
                        pool: () => Promise.resolve(view(Object.fromEntries(this.images))),
                        refusedImages: async (
                            _: string,
                            { do: verb, images }: { do: string; images: string[] },
                        ) => {
                            await Promise.resolve();
                            this.act(verb, images);
                            return [];
                        },
                    },
                    secondary: { site: {}, pool: () => Promise.resolve(view(whole)) },
                },
            },
            signal: new AbortController().signal,
            ...{ doing: () => undefined, found: () => undefined, accepted: new Map() },
            stillMine: () =>
                this.owner === undefined ? Promise.resolve() : Promise.reject(this.owner),
            journal: {
                id: "ID",
                entries: this.entries,
                append: (entry: Omit<JournalEntry, "at">) =>
                    this.entries.push({ at: AT, ...entry }),
            },
        } as unknown as Run;
    }

    async discard(): Promise<{ flagged: string[]; waiting: string[] }> {
        const run = this.run();
        return discard(run, await takeSurvey(run.parts, run.backend));
    }

    noted(step: string): string[] {
        return this.entries.flatMap((e) => (e.step === step ? (e.data as string[]) : []));
    }
}

describe("a resync of many images", () => {
    const clock = { now: 0 };
    let site: OldPrimary;
    /** What happens beside the wait, by its looks. */
    let beside: (look: number) => unknown;
    beforeEach(() => {
        clock.now = 0;
        let looks = 0;
        [site, beside] = [new OldPrimary(40), () => undefined];
        mock.method(performance, "now", () => clock.now);
        mock.method(wait, "pause", (milliseconds: number) => {
            clock.now += milliseconds;
            site.copy();
            beside(++looks);
            return Promise.resolve();
        });
    });
    afterEach(() => {
        mock.restoreAll();
    });

    it("demotes all at once, and throws away no more copies at a time than rbd-mirror has to do", async () => {
        for (const waits of [waitReady, waitFollowing]) {
            site = new OldPrimary(40);
            const { flagged, waiting } = await site.discard();
            assert.deepEqual([flagged.length, waiting.length], [FLAGGED_AT_A_TIME, 24]);
            assert.deepEqual(site.asked, ["demote 40", "resync 16"]);
            await waits(site.run(), 14_400);
            assert.equal(site.most, FLAGGED_AT_A_TIME);
            assert.equal(site.of("up+replaying").length, 40);
            assert.deepEqual(site.asked.slice(2, 4), ["resync 5", "resync 5"]);
            assert.equal(site.noted("resynced").length, 40);
            assert.equal(new Set(site.noted("discarding")).size, 40);
            assert.equal(site.entries.at(-1)?.step, "settled");
        }
    });

    it("of a small fleet is flagged whole", async () => {
        site = new OldPrimary(FLAGGED_AT_A_TIME);
        assert.deepEqual((await site.discard()).waiting, []);
        await waitReady(site.run(), 14_400);
        assert.deepEqual(site.asked, ["demote 16", "resync 16"]);
    });

    it("goes on in its middle after a kill, with no more than before and no word again", async () => {
        await site.discard();
        const again = await site.discard();
        assert.deepEqual([again.flagged.length, again.waiting.length], [0, 24]);
        // The kill came between the flag and its note: what syncs is waited for, and counts.
        site.entries.splice(site.entries.findLastIndex(({ step }) => step === "resynced"));
        const lost = await site.discard();
        assert.deepEqual([lost.flagged.length, lost.waiting.length], [0, 24]);
        await waitReady(site.run(), 14_400);
        assert.deepEqual([site.most, site.of("up+replaying").length], [FLAGGED_AT_A_TIME, 40]);
    });

    it("keeps the old copies of the others where the first ones do not come to follow", async () => {
        await site.discard();
        site.isStuck = true;
        await assert.rejects(waitReady(site.run(), 3600), PartialError);
        assert.equal(site.of("up+error").length, 24);
    });

    it("throws nothing more away once the backend is back on the primary", async () => {
        await site.discard();
        // While Cinder's word of the last look still counts.
        beside = () => (site.active = null);
        await assert.rejects(waitReady(site.run(), 14_400), RefusedError);
        assert.equal(site.of("up+error").length, 24);
    });

    it("throws nothing more away once another one holds the lock", async () => {
        await site.discard();
        site.owner = new Error("taken over");
        await assert.rejects(waitReady(site.run(), 14_400), /taken over/);
        assert.equal(site.of("up+error").length, 24);
    });

    it("outlives a moment without an answer when more is flagged", async () => {
        for (const failure of [new RemoteError("paris", "lost"), new OpenStackError("away", 503)]) {
            site = new OldPrimary(40);
            await site.discard();
            site.failure = failure;
            await waitReady(site.run(), 14_400);
            assert.equal(site.of("up+replaying").length, 40);
            assert.ok(site.most <= FLAGGED_AT_A_TIME);
        }
    });

    it("does not copy anew what rbd-mirror only pauses after it has followed", async () => {
        await site.discard();
        site.entries.splice(site.entries.findLastIndex(({ step }) => step === "resynced"));
        const [first = ""] = site.of("up+syncing");
        beside = (look) => {
            if (look === 2) site.images.set(first, reader({ state: "up+stopped" }));
            if (look === 4) site.images.set(first, reader());
        };
        await waitReady(site.run(), 14_400);
        const words = site.asked.slice(2).map((line) => Number(line.split(" ")[1]));
        assert.equal(
            words.reduce((sum, count) => sum + count, 0),
            24,
        );
    });

    it("leaves a fork alone that nobody gave up", async () => {
        await site.discard();
        const [given] = site.entries;
        assert.ok(given);
        given.data = (given.data as string[]).slice(0, -1);
        await assert.rejects(waitReady(site.run(), 14_400), PartialError);
        assert.equal(site.images.get("volume-v39"), forked);
    });
});
