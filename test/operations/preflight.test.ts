import assert from "node:assert/strict";
import { mock } from "node:test";

import type { HostFacts } from "../../core/survey";
import type { Role } from "../../core/topology/site";
import type { Parts } from "../../operations/parts";
import { Journal } from "../../operations/journal";
import { measuredOf, preflight } from "../../operations/preflight";
import { SshHost } from "../../operations/ssh";
import { RemoteError } from "../../operations/remoteError";
import { foreign, own } from "../support/backendKey";
import { ownJournals } from "../support/ownJournals";
import { partsOf } from "../support/parts";
import { backend, NOW, reader, row, view, writer } from "../support/survey";

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
    afterEach(() => {
        mock.restoreAll();
    });
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
            const begun = { ...own, who: "", version: "0", flags: { ...flags } };
            const journal = Journal.create({ ...begun, id, verb: "failover --forced" });
            const data = [{ phase: "move", seconds }];
            journal.append({ kind: "noted", step: "phases", data });
            journal.end({ outcome: "done", fact: "", left: [] });
            journal.close();
        };
        make("1-failover-ceph", {}, 40);
        make("2-failover-ceph", { writeRows: true, writeAllRows: true }, 10);
        assert.equal(measuredOf("forced", foreign), undefined);
        assert.equal(measuredOf("forced", own)?.seconds, 40);
        assert.equal(measuredOf("forced", own, true)?.seconds, 10);
    });
    it("of a forced move names the rbd-mirror of the secondary that it could not stop", async () => {
        const { parts } = cloud();
        const one = { id: "1", name: "m", hostname: "ceph-2", beacon: NOW };
        const seen = view({ "volume-v1": reader() }, { daemons: { list: [one] } });
        parts.sites.secondary.pool = <T>() => Promise.resolve(seen as T);
        const stops = async (move: "planned" | "forced") => {
            const plan = await preflight(parts, backend, move, new AbortController().signal);
            return plan.blockers.filter(({ fact }) => fact.includes("rbd-mirror m on ceph-2"));
        };
        const ended = mock.method(SshHost.prototype, "run", () =>
            Promise.resolve({ code: 3, stdout: Buffer.alloc(0), stderr: "" }),
        );
        const [first, ...more] = await stops("forced");
        assert.match(first?.next ?? "", /say --rbd-mirror-stopped/);
        assert.deepEqual([more, await stops("planned")], [[], []]);
        ended.mock.restore();
        mock.method(SshHost.prototype, "run", () => Promise.reject(new RemoteError("l", "gone")));
        const plan = await preflight(parts, backend, "forced", new AbortController().signal);
        assert.ok(plan.blockers.some(({ fact }) => /is not known: l: gone$/.test(fact)));
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
