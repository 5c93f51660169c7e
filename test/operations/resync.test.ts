import assert from "node:assert/strict";

import { RESYNC_BYTES } from "../../core/measured";
import type { JournalEntry } from "../../core/operation";
import { discard } from "../../operations/resync";
import type { Run } from "../../operations/run";
import { names, row, survey, writer } from "../support/survey";

describe("the discarding of what only the old primary has", () => {
    it("notes how large the images are that it flags, where Cinder says it", async () => {
        for (const [volume, bytes] of [
            [{ sizeGib: 3 }, 3 * 2 ** 30],
            [{}, undefined],
        ] as const) {
            const at = "2026-11-22T20:00:00.000Z";
            const entries: JournalEntry[] = [
                { at, kind: "noted", step: "given up", data: ["volume-v1"] },
            ];
            const append = (entry: Omit<JournalEntry, "at">) => entries.push({ at, ...entry });
            const refusedImages = () => Promise.resolve([]);
            const run = {
                journal: { entries, append },
                parts: { names, sites: { primary: { refusedImages } } },
                backend: { pool: "volumes" },
            } as unknown as Run;
            const rows = [row({ active_backend_id: "secondary" })];
            const seen = survey({ volume, primary: writer(), secondary: writer(), rows });
            assert.deepEqual(await discard(run, seen), ["volume-v1"]);
            const note = (step: string) => entries.find((e) => e.step === step)?.data;
            assert.deepEqual(note("resynced"), ["volume-v1"]);
            assert.equal(note(RESYNC_BYTES), bytes);
        }
    });
});
