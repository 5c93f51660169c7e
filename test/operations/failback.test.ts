import { strict as assert } from "node:assert";

import type { JournalEntry } from "../../core/operation";
import { leaveVolumes, refuseFailback } from "../../operations/failback";
import type { RefusedError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import { backend, names, NOW, reader, row, survey, view, writer } from "../support/survey";

/** A backend that is on its secondary, whose primary has this last status, and these last beacons of rbd-mirror. */
const over = (lastUpdate: number, ...beacons: number[]) =>
    survey({
        volume: { replicationStatus: "failed-over" },
        rows: [
            row({
                replication_status: "failed-over",
                active_backend_id: backend.replicationDevice.backendId,
            }),
        ],
        primary: reader({ lastUpdate }),
        secondary: writer(),
        views: {
            primary: view(
                { "volume-v1": reader({ lastUpdate }) },
                {
                    daemons: {
                        list: beacons.map((beacon) => ({
                            id: "1",
                            name: "m",
                            hostname: "h",
                            beacon,
                        })),
                    },
                },
            ),
        },
    });

describe("a failback is refused before it begins", () => {
    const refused = (...seen: [number, ...number[]]) => {
        try {
            refuseFailback(over(...seen), new Map());
        } catch (error) {
            return (error as RefusedError).blockers.map(({ fact }) => fact);
        }
        return undefined;
    };

    it("without an rbd-mirror on the primary, or with one that fell silent", () => {
        assert.deepEqual(refused(NOW - 10), ["no rbd-mirror daemon is in its service map"]);
        assert.deepEqual(refused(NOW - 100, NOW - 90), [
            "no rbd-mirror daemon has reported for 90 s",
        ]);
    });

    it("but not where its mgr gets no beacon of one that goes on publishing statuses", () => {
        assert.equal(refused(NOW - 10, 0), undefined);
        assert.equal(refused(NOW - 10, NOW - 90), undefined);
        assert.equal(refused(NOW - 100, NOW - 3), undefined);
    });

    it("of a fork that Cinder calls error: a resync does not mend that", () => {
        const fork = reader({ state: "up+error", description: "split-brain detected" });
        const facts = (status: string) => {
            const seen = survey({
                volume: { status },
                rows: [row({ active_backend_id: "secondary", replication_status: "failed-over" })],
                primary: fork,
                secondary: writer(),
            });
            try {
                refuseFailback(seen, new Map());
            } catch (error) {
                return (error as RefusedError).blockers.map(({ fact }) => fact);
            }
            return [];
        };
        assert.deepEqual(facts("available"), []);
        assert.match(facts("error").join("; "), /error/);
    });
});

describe("a failback's end", () => {
    const left = (entries: Partial<JournalEntry>[], status: string) => {
        const lines: string[] = [];
        const journal = { entries, append: (entry: JournalEntry) => entries.push(entry) };
        const has = view({}, { all: ["volume-v1"] });
        const seen = survey({
            volume: { status, replicationStatus: "not-capable" },
            primary: undefined,
            secondary: undefined,
            views: { primary: has, secondary: has },
        });
        leaveVolumes({ journal, left: lines, parts: { names } } as unknown as Run, seen);
        return lines;
    };

    it("names the volumes whose data stays on the secondary", () => {
        assert.deepEqual(left([], "available"), [
            "the data of 1 volume(s) is on lyon only, or newer there: v1 (db); copy each image over to paris with `rbd export` and `rbd import`, or delete the volume, whose image on lyon stays",
        ]);
        assert.deepEqual(left([], "error"), []);
    });

    it("and names the same ones when it is gone on with after statuses were given back", () => {
        const entries: Partial<JournalEntry>[] = [];
        assert.deepEqual(left(entries, "error"), []);
        assert.deepEqual(left(entries, "available"), []);
        const named: Partial<JournalEntry>[] = [];
        assert.equal(left(named, "available").length, 1);
        assert.equal(left(named, "error").length, 1);
    });
});
