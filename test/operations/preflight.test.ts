import assert from "node:assert/strict";

import type { HostFacts } from "../../core/survey";
import type { Role } from "../../core/topology/site";
import type { Parts } from "../../operations/parts";
import { Journal } from "../../operations/journal";
import { measuredOf, preflight } from "../../operations/preflight";
import { ownJournals } from "../support/ownJournals";
import { partsOf } from "../support/parts";
import { backend, reader, row, view, writer } from "../support/survey";

/** A cloud with one volume of 2 GiB, whose primary's admin host is silent, while a Cinder host still reaches that site. */
function cloud(): { parts: Parts; asked: Role[] } {
    const asked: Role[] = [];
    const look = (_: unknown, sides: readonly Role[]): Promise<HostFacts> => {
        asked.push(...sides);
        return Promise.resolve({ name: "cinder-a", service: "cinder-a@ceph", reach: {} });
    };
    const parts = partsOf(view({ "volume-v1": reader() }), [{ look }]);
    return { parts, asked };
}

describe("a preflight", () => {
    ownJournals();
    it("knows from Cinder how much a failback copies", async () => {
        const { parts } = cloud();
        const secondary = view({ "volume-v1": writer() });
        parts.sites.secondary.pool = <T>() => Promise.resolve(secondary as T);
        const forked = view({ "volume-v1": writer() });
        parts.sites.primary.pool = <T>() => Promise.resolve(forked as T);
        parts.cinder.services = () =>
            Promise.resolve([
                row({ active_backend_id: "secondary", replication_status: "failed-over" }),
            ]);
        const { duration, blockers } = await preflight(
            parts,
            backend,
            "failback",
            new AbortController().signal,
        );
        assert.equal(duration.parts[1]?.part, "resync of up to 2.0 GiB");
        // What it discards with consent is no reason to refuse it.
        const forks = blockers.filter(({ fact }) => fact.startsWith("primary on both sites"));
        assert.deepEqual(
            forks.map(({ settles }) => settles),
            [true],
        );
    });
    it("knows a forced move's time from one that went the same way", () => {
        const make = (id: string, flags: object, seconds: number) => {
            const begun = { backend: "ceph", who: "", version: "0", flags: { ...flags } };
            const journal = Journal.create({ ...begun, id, verb: "failover --forced" });
            const data = [{ phase: "move", seconds }];
            journal.append({ kind: "noted", step: "phases", data });
            journal.end({ outcome: "done", fact: "", left: [] });
            journal.close();
        };
        make("1-failover-ceph", {}, 40);
        make("2-failover-ceph", { writeRows: true, writeAllRows: true }, 10);
        assert.equal(measuredOf("forced", backend)?.seconds, 40);
        assert.equal(measuredOf("forced", backend, true)?.seconds, 10);
    });
    for (const move of ["planned", "forced", "failback"] as const)
        it(`of a ${move} move asks each host for its way to both sites`, async () => {
            const { parts, asked } = cloud();
            const { blockers } = await preflight(
                parts,
                backend,
                move,
                new AbortController().signal,
            );
            assert.deepEqual(asked, ["primary", "secondary"]);
            const lives = blockers.some(({ fact }) =>
                fact.includes("the primary lives: cinder-a reaches paris"),
            );
            assert.equal(lives, move === "forced");
        });
});
