import assert from "node:assert/strict";

import { RESYNC_BYTES } from "../../core/measured";
import type { JournalEntry } from "../../core/operation";
import { PartialError, RefusedError } from "../../operations/operationEnd";
import { discard } from "../../operations/resync";
import type { Run } from "../../operations/run";
import { names, reader, row, survey, writer, type Given } from "../support/survey";

describe("the discarding of what only the old primary has", () => {
    const at = "2026-11-22T20:00:00.000Z";
    const AGREED = { at, kind: "noted" as const, step: "given up", data: ["volume-v1"] };
    const ALONE = { flagged: ["volume-v1"], waiting: [] };
    const asked: string[] = [];
    let entries: JournalEntry[] = [];

    /** @param stubborn what the old primary refuses */
    function run(before: JournalEntry[] = [AGREED], stubborn?: string): Run {
        entries = [...before];
        const refusedImages = (_: string, { do: verb }: { do: string }) => {
            asked.push(verb);
            return Promise.resolve(
                verb === stubborn ? [{ image: "volume-v1", error: "in use" }] : [],
            );
        };
        return {
            journal: {
                entries,
                append: (entry: Omit<JournalEntry, "at">) => entries.push({ at, ...entry }),
            },
            parts: { names, sites: { primary: { refusedImages } } },
            backend: { pool: "volumes" },
            accepted: new Map(),
        } as unknown as Run;
    }
    const rows = [row({ active_backend_id: "secondary" })];
    const forked = (given: Given = {}) => survey({ secondary: writer(), rows, ...given });
    const note = (step: string) => entries.find((e) => e.step === step)?.data;

    beforeEach(() => (asked.length = 0));

    it("notes how large the images are that it flags, where Cinder says it", async () => {
        for (const [volume, bytes] of [
            [{ sizeGib: 3 }, 3 * 2 ** 30],
            [{}, undefined],
        ] as const) {
            assert.deepEqual(await discard(run(), forked({ volume })), ALONE);
            assert.deepEqual(note("resynced"), ["volume-v1"]);
            assert.equal(note(RESYNC_BYTES), bytes);
        }
    });

    it("touches nothing while the primary is active, whatever was agreed to before", async () => {
        const moving = rows.map((one) => ({ ...one, replication_status: "failing-over" }));
        for (const back of [[row()], moving, []])
            await assert.rejects(discard(run(), forked({ rows: back })), RefusedError);
        assert.deepEqual(asked, []);
    });

    it("goes on beside a host that has no volumes yet", async () => {
        const fresh = row({ host: "cinder-b@ceph" });
        assert.deepEqual(await discard(run(), forked({ rows: [...rows, fresh] })), ALONE);
    });

    it("has nothing to refuse where nothing has forked", async () => {
        const whole = forked({ primary: reader(), rows: [row()] });
        assert.deepEqual(await discard(run(), whole), { flagged: [], waiting: [] });
        assert.equal(note("discarding"), undefined);
    });

    it("notes what it is about to do before it asks", async () => {
        await assert.rejects(discard(run([AGREED], "demote"), forked()), PartialError);
        assert.deepEqual(note("discarding"), ["volume-v1"]);
        assert.equal(note("demoted"), undefined);
    });

    it("touches nothing while a site is not seen", async () => {
        for (const role of ["primary", "secondary"])
            await assert.rejects(
                discard(run(), forked({ views: { [role]: { unseen: "no answer" } } })),
                RefusedError,
            );
        assert.deepEqual(asked, []);
    });

    it("notes nothing of an image that refuses", async () => {
        await assert.rejects(discard(run([AGREED], "resync"), forked()), PartialError);
        assert.deepEqual(note("demoted"), ["volume-v1"]);
        assert.equal(note("resynced"), undefined);
    });

    it("needs another word for a fork of after all had followed", async () => {
        const settled = { at, kind: "noted" as const, step: "settled" };
        await assert.rejects(discard(run([AGREED, settled]), forked()), /have forked since/);
        assert.deepEqual(asked, []);
    });

    it("leaves a copy alone that syncs or follows already: it was flagged, and the note is lost", async () => {
        for (const state of ["up+syncing", "up+replaying"])
            await discard(run(), forked({ primary: reader({ state, lastUpdate: 0 }) }));
        assert.deepEqual(asked, []);
        await discard(run(), forked({ primary: reader({ state: "up+stopped" }) }));
        assert.deepEqual(asked, ["resync"]);
    });

    it("flags what a kill has left demoted, also where Cinder calls the volume error", async () => {
        const primary = reader({ state: "up+stopped" });
        await discard(run(), forked({ primary, volume: { status: "error" } }));
        assert.deepEqual(asked, ["resync"]);
    });
});
