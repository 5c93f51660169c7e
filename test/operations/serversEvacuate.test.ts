import assert from "node:assert/strict";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import { begunOf } from "../../core/operation";
import { openOperations, readJournals } from "../../operations/journalFolder";
import { reattach, type ReattachResult } from "../../operations/serversSession";
import { SiteLock } from "../../operations/siteLock";
import { fakeClock } from "../support/fakeClock";
import { backend, FakeServers, topology } from "../support/fakeServers";
import { ownJournals } from "../support/ownJournals";

describe("servers of a compute host that is down", () => {
    ownJournals();
    fakeClock();
    let cloud = new FakeServers(2);
    let found: Finding[] = [];
    beforeEach(() => {
        cloud = new FakeServers(2);
        cloud.failOver();
        found = [];
        cloud.server("s1").hostStatus = "UNKNOWN";
        cloud.computes = [
            { host: "compute-a", isUp: false, isEnabled: true },
            { host: "compute-b", isUp: true, isEnabled: true },
        ];
        mock.method(SiteLock.prototype, "release", () => Promise.resolve());
        const lock = Object.create(SiteLock.prototype) as SiteLock;
        mock.method(SiteLock, "take", () => Promise.resolve(lock));
    });
    /** @param planned done once the plan is made */
    const run = async (
        evacuate = ["compute-a"],
        planned: () => void = () => undefined,
    ): Promise<Partial<ReattachResult>> => {
        const { id, ...result } = await reattach({
            ...{ topology, backend, cinder: cloud.cinder, nova: cloud.nova, version: "0" },
            ...{ servers: [], batch: 1, maxFailures: 1, evacuate, planned },
            signal: new AbortController().signal,
            found: (finding) => found.push(finding),
            doing: () => undefined,
        });
        assert.match(id, /-servers-ceph-/);
        return result;
    };
    /** Nova starts a server that it evacuates out of ERROR. */
    function evacuatesOutOfError(): void {
        const evacuate = cloud.nova.evacuate.bind(cloud.nova);
        cloud.nova.evacuate = async (id) => {
            await evacuate(id);
            cloud.server(id).status = "ACTIVE";
        };
    }
    const isOpen = () => openOperations().length > 0;
    const none = { cured: [], failed: [], gone: [], notBegun: [], byHand: [] };
    const REST = ["s2 detach", "s2 attach"];

    it("are evacuated once that is said to be off", async () => {
        assert.deepEqual(await run([]), { ...none, cured: ["s2"], byHand: ["s1"] });
        assert.deepEqual(cloud.orders, REST);
        assert.deepEqual(await run(), { ...none, cured: ["s1"] });
        assert.deepEqual(cloud.orders, [...REST, "s1 evacuate"]);
        assert.equal(found.at(-1)?.fact, "evacuated; its connections lead to the active site");
        assert.equal(cloud.wholeLooks, 2, "the whole cloud's attachments are for the plans");
        assert.ok(!isOpen());
    });
    it("are waited for where an earlier run has given the order", async () => {
        cloud.broken = ["evacuate"];
        assert.deepEqual(await run(), { ...none, failed: ["s1"], notBegun: ["s2"] });
        cloud.broken = [];
        await cloud.nova.evacuate("s1");
        cloud.orders.length = 0;
        assert.deepEqual(await run([]), { ...none, cured: ["s2", "s1"] });
        assert.deepEqual(cloud.orders, REST);
    });
    it("are waited for until Nova's work has ended and the new host is named", async () => {
        const evacuate = cloud.nova.evacuate.bind(cloud.nova);
        const server = cloud.nova.server.bind(cloud.nova);
        const later = [
            { taskState: "rebuilding", host: "compute-b" },
            { taskState: undefined, host: "compute-a", hostStatus: "UNKNOWN" },
        ];
        let isOrdered = false;
        cloud.nova.evacuate = () => {
            isOrdered = true;
            return Promise.resolve();
        };
        cloud.nova.server = async (id) => {
            if (id === "s1" && isOrdered) {
                const next = later.shift();
                if (next === undefined) await evacuate(id);
                else Object.assign(cloud.server(id), next);
            }
            return server(id);
        };
        assert.deepEqual(await run(), { ...none, cured: ["s1", "s2"] });
    });
    it("are started where they were in ERROR, and the journal keeps the operator's word", async () => {
        cloud.server("s1").status = "ERROR";
        evacuatesOutOfError();
        assert.deepEqual(await run(), { ...none, cured: ["s1", "s2"] });
        const [journal] = readJournals().journals;
        assert.deepEqual(begunOf(journal ?? []).flags.evacuate, ["compute-a"]);
    });
    it("get no second order while Nova still names the host that they have left", async () => {
        cloud.broken = ["evacuate"];
        await run();
        cloud.orders.length = 0;
        cloud.volume("v1").connection = cloud.expected;
        const server = cloud.nova.server.bind(cloud.nova);
        let looks = 0;
        cloud.nova.server = async (id) => {
            if (id === "s1" && ++looks === 4) cloud.server(id).host = "compute-b";
            return server(id);
        };
        assert.deepEqual(await run([]), { ...none, cured: ["s2", "s1"] });
        assert.deepEqual(cloud.orders, REST);
    });
    it("are stopped again where they were SHUTOFF, also out of an ERROR since", async () => {
        cloud.server("s1").status = "SHUTOFF";
        cloud.broken = ["evacuate"];
        await run();
        cloud.broken = [];
        cloud.server("s1").status = "ERROR";
        evacuatesOutOfError();
        assert.deepEqual(await run(), { ...none, cured: ["s2", "s1"] });
        assert.deepEqual(cloud.orders.slice(-2), ["s1 evacuate", "s1 os-stop"]);
        assert.equal(cloud.server("s1").status, "SHUTOFF");
    });
    it("fail where Nova has put them in ERROR, and get the order anew", async () => {
        const evacuate = cloud.nova.evacuate.bind(cloud.nova);
        cloud.nova.evacuate = (id) => {
            cloud.server(id).status = "ERROR";
            // Nova had begun with its volumes.
            cloud.volume("v1").connection = {};
            return Promise.resolve();
        };
        assert.deepEqual(await run(), { ...none, failed: ["s1"], notBegun: ["s2"] });
        assert.match(found[0]?.fact ?? "", /^server web-1 \(s1\) is in ERROR after evacuate: /);
        cloud.nova.evacuate = async (id) => {
            await evacuate(id);
            cloud.server(id).status = "ACTIVE";
        };
        assert.deepEqual(await run(), { ...none, cured: ["s2", "s1"] });
    });
    it("are left when their host reports again", async () => {
        const back = () => {
            cloud.server("s1").hostStatus = "UP";
        };
        assert.deepEqual(await run(undefined, back), { ...none, failed: ["s1"], notBegun: ["s2"] });
        assert.match(found[0]?.fact ?? "", /compute-a of server .* reports again: nothing was/);
        assert.deepEqual(cloud.orders, []);
    });
    it("wait while no other host could take them, and stop no other", async () => {
        const [, other] = cloud.computes;
        const disable = () => Object.assign(other ?? {}, { isEnabled: false });
        assert.deepEqual(await run(undefined, disable), {
            ...none,
            cured: ["s2"],
            notBegun: ["s1"],
        });
        assert.deepEqual(cloud.orders, REST);
        assert.equal(
            found[0]?.fact,
            "is not evacuated: no other compute host is up and enabled to take it (compute-b: disabled)",
        );
        assert.ok(isOpen());
    });
    it("shelve none of the others that no host could take again", async () => {
        cloud.server("s2").rootDevice = "/dev/vdb";
        const [, other] = cloud.computes;
        Object.assign(other ?? {}, { isEnabled: false });
        assert.deepEqual(await run([]), { ...none, notBegun: ["s2"], byHand: ["s1"] });
        assert.deepEqual(cloud.orders, []);
        assert.equal(
            found[0]?.fact,
            "is not shelved: no compute host is up and enabled to take it (compute-a: down, compute-b: disabled)",
        );
    });
    it("are not evacuated from a host that is up", async () => {
        await assert.rejects(
            run(["compute-b"]),
            /must be a compute host that is down \(compute-a\)/,
        );
        assert.ok(!isOpen());
    });
});
