import { strict as assert } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseTopology } from "../../core/topology";
import { Journal } from "../../operations/journal";
import { status } from "../../operations/status";
import { foreign, own } from "../support/backendKey";
import { claimElsewhere } from "../support/claimElsewhere";
import { ownJournals } from "../support/ownJournals";
import { partsOf } from "../support/parts";
import { backend, view, writer } from "../support/survey";
import { HOST_KEY, withValue } from "../support/topology";

describe("what status says of a move that was cut short", () => {
    const journals = ownJournals();

    /** Findings by state and subject: the primary is dead, and its volume's image is primary on the secondary. */
    async function found(): Promise<string[]> {
        const parts = partsOf(view({ "volume-v1": writer() }));
        const [seen] = await status(parts, [backend], new AbortController().signal);
        return (seen?.findings ?? []).map((one) => `${one.state} ${one.subject}: ${one.fact}`);
    }
    const open = (id: string, section: string, verb = "failover --forced", key = own) => {
        const begun = { id, verb, ...key, backend: section, who: "", version: "0", flags: {} };
        const journal = Journal.create(begun);
        journal.append({ kind: "noted", step: "stopping", data: { service: "a", runners: [] } });
        journal.close();
    };

    it("is its resume, before all else, of this backend's moves alone", async () => {
        open("1-failover-ceph", backend.section);
        open("2-failover-fast", "fast");
        open("3-drill-ceph", backend.section, "drill");
        open("4-failover-ceph", backend.section, "failover --forced", foreign);
        const lines = (await found()).filter((line) => line.includes("operation"));
        assert.deepEqual(lines, [
            "problem operation 1-failover-ceph: `failover --forced` was cut short: what follows may be its doing",
        ]);
        assert.equal((await found())[0], lines[0]);
        writeFileSync(join(journals.folder, "1-failover-ceph.jsonl.pid"), String(process.ppid));
        assert.match((await found())[0] ?? "", /^warning operation .* runs on this machine/);
    });

    it("is not stopped by a journal that cannot be read", async () => {
        writeFileSync(join(journals.folder, "1-failover-ceph.jsonl"), "no\nJSON\n");
        assert.match(
            (await found())[0] ?? "",
            /^warning journal 1-failover-ceph: .*line 1 is no JSON/,
        );
        open("2-failover-ceph", backend.section);
        assert.match((await found())[1] ?? "", /^problem operation 2-failover-ceph/);
        const parts = partsOf(view({ "volume-v1": writer() }));
        const two = [backend, { ...backend, section: "fast" }];
        const seen = await status(parts, two, new AbortController().signal);
        const told = seen.flatMap(({ findings }) => findings.map(({ subject }) => subject));
        assert.equal(told.filter((subject) => subject.startsWith("journal ")).length, 1);
    });

    it("does not call a move of another machine over, nor at work", async () => {
        open("1-failover-ceph", backend.section);
        claimElsewhere(journals.folder, "1-failover-ceph");
        assert.equal(
            (await found())[0],
            "warning operation 1-failover-ceph: `failover --forced` runs on machine desk, or was cut short there: what follows may be its doing",
        );
    });

    it("names images that are primary where Cinder does not serve them, though that side is dead", async () => {
        assert.ok(
            (await found()).includes(
                "problem site lyon: 1 image(s) are primary there, while Cinder serves them from paris, which cannot be asked",
            ),
        );
    });
});

describe("what status says of rbd-mirror", () => {
    ownJournals();

    it("is which host of the topology has none, on either site", async () => {
        const daemon = { hosts: { "ceph-2": { hostKey: HOST_KEY } } };
        const given = ["primary", "secondary"].reduce(
            (at, role) => withValue(`sites/${role}/rbdMirror`, daemon, at),
            withValue("mirroring", {}),
        );
        const parts = Object.assign(partsOf(view({})), { topology: parseTopology(given) });
        parts.sites.primary.pool = <T>() => Promise.resolve(view({}) as T);
        const [seen] = await status(parts, [backend], new AbortController().signal);
        const lost = (seen?.findings ?? []).filter(({ fact }) => fact.endsWith("; none of ceph-2"));
        assert.deepEqual(
            lost.map(({ subject }) => subject),
            ["site paris", "site lyon"],
        );
    });
});
