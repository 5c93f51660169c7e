import { strict as assert } from "node:assert";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";

import type { PoolView, Unseen } from "../../core/replica";
import { Journal } from "../../operations/journal";
import { statusBefore } from "../../operations/leftBehind";
import type { Run } from "../../operations/run";
import { restore, savedStatuses } from "../../operations/savedStatuses";
import * as takeSurvey from "../../operations/takeSurvey";
import type { BackendKey } from "../../core/backendKey";
import { foreign, own } from "../support/backendKey";
import { ownJournals } from "../support/ownJournals";
import { backend, names, survey, view, writer } from "../support/survey";

describe("statuses that failovers have saved", () => {
    const journals = ownJournals();

    afterEach(() => {
        mock.restoreAll();
    });

    function make(
        id: string,
        verb: string,
        volumes?: Record<string, string>,
        snapshots: Record<string, string> = {},
        key: BackendKey = own,
    ): void {
        const begun = { ...key, who: "ops@bastion", version: "0", flags: {} };
        const journal = Journal.create({ ...begun, id, verb });
        if (volumes !== undefined)
            journal.append({ kind: "noted", step: "statuses", data: { volumes, snapshots } });
        journal.end({ outcome: "done", fact: "", left: [] });
        journal.close();
    }

    /** Makes a journal at a time of the machine's clock. */
    function makeAt(time: string, ...[verb, volumes]: [string, Record<string, string>?]): void {
        mock.timers.enable({ apis: ["Date"], now: Date.parse(`2026-11-22T${time}:00Z`) });
        const id = `20261122T${time.replace(":", "")}00-${verb.split(" ")[0] ?? ""}-ceph`;
        make(id, verb, volumes);
        mock.timers.reset();
    }

    it("are those since the last failback, also when the clock was set back after it", () => {
        makeAt("20:00", "failover --planned", { v1: "in-use" });
        makeAt("21:00", "failback");
        makeAt("20:30", "failover --planned", { v2: "available" });
        assert.deepEqual(savedStatuses(own), { volumes: { v2: "available" }, snapshots: {} });
    });

    it("are those of a journal that was copied here from another folder of the same machine", () => {
        const elsewhere = mkdtempSync(join(tmpdir(), "cinder-dr-journals-"));
        makeAt("20:00", "failover --planned", { v1: "in-use" });
        makeAt("21:00", "failback");
        process.env.CINDER_DR_JOURNALS = elsewhere;
        makeAt("22:00", "failover --planned", { v2: "available" });
        process.env.CINDER_DR_JOURNALS = journals.folder;
        cpSync(elsewhere, journals.folder, { recursive: true });
        rmSync(elsewhere, { recursive: true });
        assert.deepEqual(savedStatuses(own).volumes, { v2: "available" });
        makeAt("21:30", "failback");
        assert.deepEqual(savedStatuses(own).volumes, {});
    });

    it("are this backend's alone: another cloud's failback takes none of them away", () => {
        make("1-failover-ceph", "failover --planned", { v1: "in-use" });
        make("2-failover-ceph", "failover --planned", { v9: "in-use" }, {}, foreign);
        make("3-failback-ceph", "failback", undefined, {}, foreign);
        assert.deepEqual(savedStatuses(own).volumes, { v1: "in-use" });
        assert.deepEqual(savedStatuses(foreign).volumes, {});
    });

    it("are those too of a failover whose journal does not tell the cloud, until a failback", () => {
        const old = { backend: "ceph" };
        make("1-failover-ceph", "failover --forced", { v1: "in-use" }, {}, old);
        make("2-failover-fast", "failover --forced", { v2: "in-use" }, {}, { backend: "fast" });
        assert.deepEqual(savedStatuses(own).volumes, { v1: "in-use" });
        make("3-failback-ceph", "failback");
        assert.deepEqual(savedStatuses(own).volumes, {});
    });

    it("are those of other journals where one cannot be read", () => {
        writeFileSync(join(journals.folder, "1-failover-ceph.jsonl"), "no\nJSON\n");
        make("2-failover-ceph", "failover --planned", { v1: "in-use" });
        assert.deepEqual(savedStatuses(own).volumes, { v1: "in-use" });
    });

    it("are the newest steady ones: an error or work that was cut off gives way to one", () => {
        make("1-failover-ceph", "failover --forced", { v1: "in-use", v2: "available" });
        make("2-failover-ceph", "failover --forced", { v1: "error", v2: "backing-up" });
        make("3-failover-ceph", "failover --forced", { v3: "creating", v4: "error_extending" });
        const { volumes } = savedStatuses(own);
        assert.deepEqual(volumes, {
            ...{ v1: "in-use", v2: "available", v3: "creating", v4: "error_extending" },
        });
    });

    /** What a failback gives back to the volume v1 and to snapshots, all in error, and what it leaves to do. */
    async function restored(
        snapshots: string[] = [],
        primary: PoolView | Unseen = view({ "volume-v1": writer() }),
    ) {
        const seen = survey({
            volume: { status: "error", replicationStatus: "enabled" },
            views: { primary },
        });
        seen.snapshots = snapshots.map((id) => ({ id, volumeId: "v1", status: "error" }));
        mock.method(takeSurvey, "takeSurvey", () => Promise.resolve(seen));
        const left: string[] = [];
        const given: string[] = [];
        const cinder = {
            resetStatus: (...words: string[]) => Promise.resolve(void given.push(words.join(" "))),
        };
        const journal = { begun: own };
        const run = { parts: { cinder, names }, backend, journal, left } as unknown as Run;
        const count = await restore(run, new Set(["v1"]));
        return { given, left, count };
    }

    it("are given back", async () => {
        make("1-failover-ceph", "failover --forced", { v1: "in-use" }, { s1: "available" });
        const { given, left, count } = await restored(["s1"]);
        assert.deepEqual(given, ["volumes v1 in-use", "snapshots s1 available"]);
        assert.deepEqual([left, count], [[], { volumes: 1, snapshots: 1 }]);
    });

    it("that tell of work are not given back: what is in error is named, and why", async () => {
        make("1-failover-ceph", "failover --forced", { v1: "creating" }, { s1: "creating" });
        const { given, left } = await restored(["s1", "s2"]);
        assert.deepEqual(given, []);
        const cut = "it was 'creating' when the failover began, and nobody goes on with that";
        const unknown = "no failover of this machine saved its status";
        const look = (what: string) => `look at its data, then \`cinder ${what}\``;
        assert.deepEqual(left, [
            `volume v1 is in error, and ${cut}: ${look("reset-state --state available v1")}`,
            `snapshot s1 is in error, and ${cut}: ${look("snapshot-reset-state --state available s1")}`,
            `snapshot s2 is in error, and ${unknown}: ${look("snapshot-reset-state --state available s2")}`,
        ]);
    });

    it("are not given back unsaid where the primary cannot be asked", async () => {
        make("1-failover-ceph", "failover --forced", { v1: "in-use" });
        await assert.rejects(restored([], { unseen: "no answer" }), {
            message: "site paris cannot be asked: no answer",
        });
    });

    it("that were an error already are no work of the failback", async () => {
        make("1-failover-ceph", "failover --forced", { v1: "error" }, { s1: "error" });
        const { given, left } = await restored(["s1"]);
        assert.deepEqual(given, []);
        assert.match(
            left.join(),
            /^volume v1 is in error, and it was so when the failover began: /,
        );
    });

    it("decide what a promoted volume that was left behind gets", () => {
        const given = (status: string, servers: string[] = []) => {
            const [pair] = survey({ volume: { servers } }).pairs;
            assert.ok(pair);
            return statusBefore(pair, { volumes: { v1: status }, snapshots: {} });
        };
        assert.equal(given("reserved"), "reserved");
        assert.equal(given("creating"), "error");
        assert.equal(given("attaching"), "available");
        assert.equal(given("detaching", ["srv"]), "in-use");
    });
});
