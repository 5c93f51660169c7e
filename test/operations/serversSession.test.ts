import assert from "node:assert/strict";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import { openOperations } from "../../operations/journalFolder";
import { reattach, type ReattachResult } from "../../operations/serversSession";
import { SiteLock } from "../../operations/siteLock";
import { backend, FakeServers, topology } from "../support/fakeServers";
import { ownJournals } from "../support/ownJournals";

describe("servers re-attached", () => {
    ownJournals();
    let cloud = new FakeServers();
    let found: Finding[] = [];
    beforeEach(() => {
        cloud = new FakeServers(2);
        cloud.failOver();
        found = [];
        mock.method(SiteLock.prototype, "release", () => Promise.resolve());
        const lock = Object.create(SiteLock.prototype) as SiteLock;
        mock.method(SiteLock, "take", () => Promise.resolve(lock));
    });
    afterEach(() => {
        mock.restoreAll();
    });

    /** @param planned done once the plan is made */
    const run = async (planned: () => void = () => undefined): Promise<Partial<ReattachResult>> => {
        const { id, ...result } = await reattach({
            topology,
            backend,
            cinder: cloud.cinder,
            nova: cloud.nova,
            version: "0",
            servers: [],
            batch: 1,
            maxFailures: 1,
            signal: new AbortController().signal,
            found: (finding) => found.push(finding),
            doing: () => undefined,
            planned,
        });
        assert.match(id, /-servers-ceph-/);
        return result;
    };
    const isOpen = () => openOperations().length > 0;
    const none = { cured: [], failed: [], gone: [], notBegun: [], byHand: [] };
    const GONE = {
        state: "warning",
        subject: "web-1 (s1)",
        fact: "Nova no longer knows it: it was deleted in the meantime",
    };

    it("get a connection to the active site", async () => {
        assert.deepEqual(await run(), { ...none, cured: ["s1", "s2"] });
        assert.ok(!isOpen());
    });

    it("are those of this cloud alone: another one's run that was cut short is not gone on with", async () => {
        cloud.nova.attach = () => Promise.reject(new Error("killed"));
        await run();
        const [cut] = openOperations();
        cloud = new FakeServers(0);
        cloud.cloud = "77ab/RegionOne";
        assert.deepEqual(await run(), none);
        assert.deepEqual(openOperations(), [cut]);
    });

    it("are proven each by its own attachments: those of the whole cloud are asked for once", async () => {
        await run();
        assert.equal(cloud.wholeLooks, 1);
    });

    it("are left when they were deleted since the plan", async () => {
        const gone = () => {
            cloud.remove("s1");
        };
        assert.deepEqual(await run(gone), { ...none, cured: ["s2"], gone: ["s1"] });
        assert.deepEqual(cloud.orders, ["s2 detach", "s2 attach"]);
        assert.deepEqual(found[0], GONE);
        assert.ok(!isOpen());
    });
    it("are left when they were deleted in the middle of their cure", async () => {
        cloud.nova.detach = (id) => {
            cloud.remove(id);
            return Promise.reject(new Error("no such server"));
        };
        assert.deepEqual(await run(), { ...none, gone: ["s1", "s2"] });
        assert.ok(!isOpen());
    });
    it("end a session of a run before that began one and was killed", async () => {
        cloud.broken = ["attach"];
        assert.deepEqual(await run(), { ...none, failed: ["s1"], notBegun: ["s2"] });
        assert.ok(isOpen());
        cloud.broken = [];
        cloud.remove("s1");
        found = [];
        assert.deepEqual(await run(), { ...none, cured: ["s2"], gone: ["s1"] });
        assert.deepEqual(found.at(-1), GONE);
        assert.ok(!isOpen());
    });
    it("keep their failure where the credentials do not show whether they were deleted", async () => {
        cloud.isAdmin = false;
        cloud.broken = ["detach"];
        assert.deepEqual(await run(), { ...none, failed: ["s1"], notBegun: ["s2"] });
        assert.equal(found[0]?.fact, "no detach");
    });

    it("are by hand on a compute host that is down, and stop no other", async () => {
        cloud.server("s1").hostStatus = "UNKNOWN";
        assert.deepEqual(await run(), { ...none, cured: ["s2"], byHand: ["s1"] });
        assert.deepEqual(cloud.orders, ["s2 detach", "s2 attach"]);
        assert.ok(!isOpen());
    });
    it("wait for the way by hand when their host died in the middle of their cure", async () => {
        cloud.broken = ["attach"];
        await run();
        cloud.broken = [];
        cloud.orders.length = 0;
        cloud.server("s1").hostStatus = "DOWN";
        assert.deepEqual(await run(), { ...none, cured: ["s2"], notBegun: ["s1"] });
        assert.deepEqual(cloud.orders, ["s2 detach", "s2 attach"]);
        assert.match(found.at(-1)?.next ?? "", /^by hand: .*`openstack server evacuate s1`/);
        assert.ok(isOpen());
    });
    it("are by hand with a volume that is not replicated, and stop no other", async () => {
        cloud.makePlain("v1");
        assert.deepEqual(await run(), { ...none, cured: ["s2"], byHand: ["s1"] });
        assert.deepEqual(cloud.orders, ["s2 detach", "s2 attach"]);
    });
});
