import { strict as assert } from "node:assert";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";

import type { PoolView, Unseen } from "../../core/replica";
import { Journal } from "../../operations/journal";
import { statusBefore } from "../../operations/leftBehind";
import { OpenStackError } from "../../operations/openstack";
import type { Run } from "../../operations/run";
import { restore, savedStatuses } from "../../operations/savedStatuses";
import * as takeSurvey from "../../operations/takeSurvey";
import { InterruptedError } from "../../operations/wait";
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
        {
            reset = () => Promise.resolve(),
            signal = new AbortController().signal,
        }: { reset?: (id: string) => Promise<void>; signal?: AbortSignal } = {},
    ) {
        const seen = survey({
            volume: { status: "error", replicationStatus: "enabled" },
            views: { primary },
        });
        seen.snapshots = snapshots.map((id) => ({ id, volumeId: "v1", status: "error" }));
        // A mock of a mock is not taken back.
        mock.restoreAll();
        mock.method(takeSurvey, "takeSurvey", () => Promise.resolve(seen));
        const left: string[] = [];
        const given: string[] = [];
        const told: string[] = [];
        const cinder = {
            resetStatus: async (kind: string, id: string, status: string) => {
                await reset(id);
                given.push(`${kind} ${id} ${status}`);
            },
        };
        const run = {
            parts: { cinder, names },
            ...{ backend, left, signal, journal: { begun: own } },
            doing: (what: string) => told.push(what),
        } as unknown as Run;
        const count = await restore(run, new Set(["v1"]));
        return { given, left, count, told };
    }
    const here = () => view({ "volume-v1": writer() });
    const MANY = Array.from({ length: 40 }, (_, i) => `s${String(i)}`);
    const saveMany = () => {
        const snapshots = Object.fromEntries(MANY.map((id) => [id, "available"]));
        make("1-failover-ceph", "failover --forced", { v1: "in-use" }, snapshots);
    };

    it("are given back", async () => {
        make("1-failover-ceph", "failover --forced", { v1: "in-use" }, { s1: "available" });
        const { given, left, count } = await restored(["s1"]);
        assert.deepEqual(given, ["volumes v1 in-use", "snapshots s1 available"]);
        assert.deepEqual([left, count], [[], { volumes: 1, snapshots: 1 }]);
    });

    it("are given back to the others where one was deleted since", async () => {
        make("1-failover-ceph", "failover --forced", { v1: "in-use" }, { s1: "available" });
        const reset = (id: string) =>
            id === "v1" ? Promise.reject(new OpenStackError("gone", 404)) : Promise.resolve();
        const { given, left, count } = await restored(["s1"], here(), { reset });
        assert.deepEqual(given, ["snapshots s1 available"]);
        assert.deepEqual([left, count], [[], { volumes: 0, snapshots: 1 }]);
    });

    it("are given back to the others where Cinder refuses one, which is named with its command", async () => {
        make("1-failover-ceph", "failover --forced", { v1: "in-use" }, { s1: "available" });
        for (const status of [400, 504]) {
            const reset = (id: string) =>
                id === "v1" ? Promise.reject(new OpenStackError("no", status)) : Promise.resolve();
            const { given, left } = await restored(["s1"], here(), { reset });
            assert.deepEqual(given, ["snapshots s1 available"]);
            assert.deepEqual(left, [
                "volume v1 is in error, and its status was not given back: no; `cinder reset-state --state in-use v1`",
            ]);
        }
    });

    it("wait for resume where Cinder answers for none any more: thousands are not asked for each", async () => {
        saveMany();
        let asked = 0;
        const reset = () => {
            asked++;
            return Promise.reject(new OpenStackError("away", 503));
        };
        await assert.rejects(restored(MANY, here(), { reset }), /away/);
        assert.ok(asked < 20, `asked ${String(asked)} times`);
        let turn = 0;
        const now = () => (turn++ % 4 === 0 ? reset() : Promise.resolve());
        const { given, left } = await restored(MANY, here(), { reset: now });
        assert.equal(given.length + left.length, MANY.length + 1);
    });

    it("are given back several at a time, saying how far, until Ctrl-C", async () => {
        saveMany();
        const [at, most] = [new Set<string>(), { now: 0 }];
        const slow = async (id: string) => {
            most.now = Math.max(most.now, at.add(id).size);
            await new Promise(setImmediate);
            at.delete(id);
        };
        const { told, count } = await restored(MANY, here(), { reset: slow });
        assert.equal(most.now, 6);
        assert.equal(told.at(-1), "restore: 41 of 41 statuses");
        assert.deepEqual(count, { volumes: 1, snapshots: 40 });
        const interrupt = new AbortController();
        let done = 0;
        const reset = async (id: string) => {
            await slow(id);
            if (++done === 8) interrupt.abort();
        };
        await assert.rejects(
            restored(MANY, here(), { reset, signal: interrupt.signal }),
            InterruptedError,
        );
        assert.ok(done < 20, `went on to ${String(done)}`);
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
