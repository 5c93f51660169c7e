import assert from "node:assert/strict";

import { durationText, resyncDurationOf } from "../../core/duration";
import { measuredIn, RESYNC_BYTES, type Measured } from "../../core/measured";
import type { JournalEntry } from "../../core/operation";
import { planLines, preflightOf } from "../../core/preflight";
import type { Move, Survey } from "../../core/survey";
import { reader, row, survey, writer, type Given } from "../support/survey";

const GIB = 1 << 30;
const ON_LYON = [row({ active_backend_id: "secondary", replication_status: "failed-over" })];
const FORKED: Given = {
    volume: { sizeGib: 4 },
    primary: reader({ state: "up+error", description: "split-brain detected" }),
    secondary: writer(),
    rows: ON_LYON,
};

/** The same volume, as often as wanted. */
const times = (count: number, given: Given = {}): Survey => {
    const one = survey(given);
    return { ...one, pairs: Array.from({ length: count }, () => one.pairs).flat() };
};

describe("how long a move is expected to take", () => {
    const said = (seen: Survey, move: Move, measured?: Measured) => {
        const plan = preflightOf(seen, move, measured);
        const line = planLines(plan).find((one) => one.startsWith("expected: "));
        assert.equal(line, `expected: ${durationText(plan.duration)}`);
        return plan.duration;
    };
    it("is, of a resync alone, nothing but the copying", () => {
        const measured: Measured = {
            id: "x",
            seconds: 20,
            volumes: 1,
            resync: { bytes: 2 * GIB, seconds: 10 },
            compare: { bytes: GIB, seconds: 7 },
        };
        assert.equal(
            durationText(resyncDurationOf(survey(FORKED), measured)),
            "20 s: resync of up to 4.0 GiB 20 s (operation x: 2.0 GiB in 10.0 s)",
        );
        const follower = { ...FORKED, primary: reader() };
        assert.deepEqual(resyncDurationOf(survey(follower)).parts, []);
    });
    it("is what the lab took, of a forced one with 12 volumes, leg by leg", () => {
        const { seconds, parts } = said(times(12), "forced");
        assert.equal(seconds, 47);
        assert.deepEqual(
            parts.map((p) => [p.part, p.seconds]),
            [
                ["look", 6],
                ["end of rbd-mirror", 1],
                ["Cinder's tries to reach paris", 30],
                ["promotions", 5],
                ["proof", 5],
            ],
        );
    });
    it("has no tries of Cinder where the rows of every host are written", () => {
        const { parts } = preflightOf(times(12), "forced", undefined, undefined, true).duration;
        assert.deepEqual(
            parts.map(({ part }) => part),
            [
                "look",
                "end of rbd-mirror",
                "rows, stop and start of cinder-volume",
                "promotions",
                "proof",
            ],
        );
    });
    it("grows with the backend's connect timeout, of a forced one", () => {
        const seen = survey();
        const slow = { ...seen.backend, replicationConnectTimeoutSeconds: 60 };
        const { parts } = said({ ...seen, backend: slow }, "forced");
        assert.equal(parts[2]?.seconds, 195);
        assert.match(parts[2].from, /^3 × replication_connect_timeout \(60 s\)/);
    });
    it("is not known while a failback's copying was never measured", () => {
        const { seconds, parts } = said(survey(FORKED), "failback");
        assert.equal(seconds, undefined);
        assert.deepEqual(
            parts.map((p) => [p.part, p.seconds]),
            [
                ["move", 16],
                ["resync of up to 4.0 GiB", undefined],
                ["comparison of up to 1.0 GiB", undefined],
            ],
        );
    });
    it("has copying at the speed of the last failback", () => {
        const measured: Measured = {
            id: "x",
            seconds: 20,
            volumes: 1,
            resync: { bytes: GIB, seconds: 30 },
            compare: { bytes: GIB / 2, seconds: 5 },
        };
        assert.equal(
            durationText(said(survey(FORKED), "failback", measured)),
            "150 s: move 20 s (operation x: 20.0 s for 1 volume); resync of up to 4.0 GiB 120 s (operation x: 1.0 GiB in 30.0 s); comparison of up to 1.0 GiB 10 s (operation x: 0.5 GiB in 5.0 s)",
        );
    });
    it("has no resync of what has not forked, and no end of what still syncs", () => {
        const parts = (primary: ReturnType<typeof reader>) =>
            said(survey({ ...FORKED, primary }), "failback").parts.map(({ part }) => part);
        assert.deepEqual(parts(reader()), ["move", "comparison of up to 1.0 GiB"]);
        assert.deepEqual(parts(reader({ state: "up+syncing" })), [
            "move",
            "sync of 1 volume",
            "comparison of up to 1.0 GiB",
        ]);
    });
    it("is not known of an image whose size Cinder does not name", () => {
        const { parts } = said(survey({ ...FORKED, volume: {} }), "failback");
        assert.deepEqual(parts[1], { part: "resync", from: "Cinder names no size" });
    });
});

describe("what a move took", () => {
    const begun = { id: "x", verb: "failback", backend: "ceph", who: "", version: "", flags: {} };
    const entry = (kind: JournalEntry["kind"], step?: string, data?: unknown): JournalEntry => ({
        at: "2026-11-22T20:00:00.000Z",
        kind,
        ...(step === undefined ? {} : { step }),
        data,
    });
    const journal = (outcome: string, ...more: JournalEntry[]): JournalEntry[] => [
        entry("begun", undefined, begun),
        ...more,
        entry("noted", "losses", [{ volume: "v1", name: "" }]),
        entry("noted", "resync bytes", 4 * GIB),
        { ...entry("done", "bytes", { images: 1, whole: 1, bytes: GIB }), seconds: 8 },
        entry("noted", "phases", [
            { phase: "discard", seconds: 2 },
            { phase: "resync", seconds: 60 },
            { phase: "gate", seconds: 2 },
            { phase: "move", seconds: 17 },
        ]),
        entry("ended", undefined, { outcome, fact: "", left: [] }),
    ];
    it("is the move without its copying, and the speed of that", () => {
        assert.deepEqual(measuredIn(journal("done")), {
            id: "x",
            seconds: 19,
            volumes: 1,
            resync: { bytes: 4 * GIB, seconds: 60 },
            compare: { bytes: GIB, seconds: 8 },
        });
    });
    it("has the speed of all images that were flagged, one time after the other", () => {
        const more = entry("noted", RESYNC_BYTES, 2 * GIB);
        assert.equal(measuredIn(journal("done", more))?.resync?.bytes, 6 * GIB);
    });
    it("is nothing of one that was resumed, and of one that is not done", () => {
        assert.equal(measuredIn(journal("done", entry("resumed"))), undefined);
        assert.equal(measuredIn(journal("partial")), undefined);
    });
});
