import { strict as assert } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Journal } from "../../operations/journal";
import { savedStatuses } from "../../operations/savedStatuses";
import { ownJournals } from "../support/ownJournals";

describe("statuses that failovers have saved", () => {
    const journals = ownJournals();

    function make(id: string, verb: string, volumes?: Record<string, string>): void {
        const begun = { backend: "ceph", who: "ops@bastion", version: "0", flags: {} };
        const journal = Journal.create({ ...begun, id, verb });
        if (volumes !== undefined)
            journal.append({ kind: "noted", step: "statuses", data: { volumes, snapshots: {} } });
        journal.end({ outcome: "done", fact: "", left: [] });
        journal.close();
    }

    it("are those since the last failback, also when the clock was set back after it", () => {
        make("20261122T200000-failover-ceph", "failover --planned", { v1: "in-use" });
        make("20261122T210000-failback-ceph", "failback");
        make("20261122T203000-failover-ceph", "failover --planned", { v2: "available" });
        assert.deepEqual(savedStatuses("ceph"), { volumes: { v2: "available" }, snapshots: {} });
    });

    it("are those of other journals where one cannot be read", () => {
        writeFileSync(join(journals.folder, "1-failover-ceph.jsonl"), "no\nJSON\n");
        make("2-failover-ceph", "failover --planned", { v1: "in-use" });
        assert.deepEqual(savedStatuses("ceph").volumes, { v1: "in-use" });
    });
});
