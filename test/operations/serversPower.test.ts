import assert from "node:assert/strict";

import type { Finding } from "../../core/finding";
import { Journal } from "../../operations/journal";
import { openOperations } from "../../operations/journalFolder";
import { lookAtServers } from "../../operations/servers";
import { STOP, stopServers, type PowerOptions } from "../../operations/serversPower";
import { startServers } from "../../operations/serversStart";
import { REATTACH } from "../../operations/serversSession";
import { own } from "../support/backendKey";
import { backend, FakeServers, topology } from "../support/fakeServers";
import { ownJournals } from "../support/ownJournals";
import { row } from "../support/survey";

describe("servers stopped and started", () => {
    ownJournals();
    let cloud = new FakeServers();
    let found: Finding[] = [];
    beforeEach(() => {
        cloud = new FakeServers(2);
        found = [];
    });
    const { signal } = new AbortController();
    const options = (): PowerOptions => ({
        topology,
        backend,
        cinder: cloud.cinder,
        nova: cloud.nova,
        version: "0",
        batch: 1,
        signal,
        found: (finding) => found.push(finding),
        doing: () => undefined,
    });
    /** The orders since it was asked last. */
    const orders = () => cloud.orders.splice(0);
    const told = (of: Finding["state"]) =>
        found.filter(({ state }) => state === of).map(({ subject, fact }) => [subject, fact]);
    const isOpen = () => openOperations().length > 0;

    it("starts those that it has stopped, once", async () => {
        cloud.server("s2").status = "SHUTOFF";
        assert.equal(await stopServers(options()), 0);
        assert.deepEqual(await startServers(options()), { done: 1, failed: 0, held: 0 });
        assert.deepEqual(orders(), ["s1 os-stop", "s1 os-start"]);
        assert.ok(!isOpen());
    });

    const GONE = "Nova no longer knows it: it was deleted in the meantime";

    it("counts a server that was deleted since as done, and names it", async () => {
        await stopServers(options());
        cloud.remove("s1");
        assert.deepEqual(await startServers(options()), { done: 2, failed: 0, held: 0 });
        assert.deepEqual(told("warning"), [["web-1 (s1)", GONE]]);
        assert.ok(!isOpen());
    });
    it("does not start one that was deleted while it was being stopped", async () => {
        const server = cloud.nova.server.bind(cloud.nova);
        let looks = 0;
        cloud.nova.server = (id) => {
            // The plan's look comes first.
            if (id === "s1" && looks++ > 0) cloud.remove(id);
            return server(id);
        };
        assert.equal(await stopServers(options()), 0);
        assert.deepEqual(told("warning"), [["web-1 (s1)", GONE]]);
        found = [];
        assert.deepEqual(await startServers(options()), { done: 1, failed: 0, held: 0 });
        assert.deepEqual(told("warning"), []);
    });
    it("takes none for deleted that the credentials may not see", async () => {
        await stopServers(options());
        cloud.remove("s1");
        cloud.isAdmin = false;
        assert.deepEqual(await startServers(options()), { done: 1, failed: 1, held: 0 });
        assert.deepEqual(told("problem"), [["web-1 (s1)", "Nova: 403"]]);
        assert.ok(isOpen());
    });

    const OLD = "still leads to the other site, and a start would keep that";

    it("starts those that lead to the active site, and names the others", async () => {
        await stopServers(options());
        cloud.failOver("s2");
        orders();
        assert.deepEqual(await startServers(options()), { done: 1, failed: 0, held: 1 });
        assert.deepEqual(orders(), ["s2 os-start"]);
        assert.deepEqual(told("problem"), [["web-1 (s1)", OLD]]);
        assert.equal(
            found.find(({ fact }) => fact === OLD)?.next,
            "run `cinder-dr servers --backend ceph --reattach` first",
        );
        assert.ok(isOpen());
    });
    it("starts none that leads to the other site", async () => {
        await stopServers(options());
        cloud.failOver();
        orders();
        assert.deepEqual(await startServers(options()), { done: 0, failed: 0, held: 2 });
        assert.deepEqual(orders(), []);
    });
    it("says of one with a volume that is not replicated what is by hand", async () => {
        await stopServers(options());
        cloud.failOver("s2");
        cloud.makePlain("v1");
        await startServers(options());
        assert.match(
            found.find(({ fact }) => fact === OLD)?.next ?? "",
            /^by hand: volume db-1 \(v1\) is not replicated: its data is on paris only;/,
        );
    });

    it("starts no server again that was started while another one waited", async () => {
        await stopServers(options());
        cloud.failOver("s2");
        await startServers(options());
        // Its owner stops it, and the one that waited leads to the active site now.
        cloud.server("s2").status = "SHUTOFF";
        cloud.failOver("s1");
        orders();
        assert.deepEqual(await startServers(options()), { done: 1, failed: 0, held: 0 });
        assert.deepEqual(orders(), ["s1 os-start"]);
        assert.ok(!isOpen());
    });
    it("starts one again that was stopped anew while another one waited", async () => {
        await stopServers(options());
        cloud.failOver("s2");
        await startServers(options());
        await stopServers(options());
        orders();
        await startServers(options());
        assert.deepEqual(orders(), ["s2 os-start"]);
    });

    /** A re-attach that was killed when it had begun with the first server. */
    async function beginReattach(): Promise<void> {
        const { plans } = await lookAtServers(cloud.cinder, cloud.nova, topology, backend, signal);
        const begun = { id: "r", verb: REATTACH, ...own, who: "", version: "0" };
        const journal = Journal.create({ ...begun, flags: {} });
        journal.append({ kind: "planned", data: { plans } });
        journal.append({ kind: "started", step: "s1 detach v1" });
        journal.close();
    }

    it("starts none whose volume a re-attach has detached, and that it has not given back", async () => {
        await stopServers(options());
        cloud.failOver("s2");
        await beginReattach();
        await cloud.nova.detach("s1", "v1");
        orders();
        assert.deepEqual(await startServers(options()), { done: 1, failed: 0, held: 1 });
        assert.deepEqual(orders(), ["s2 os-start"]);
        assert.deepEqual(told("problem"), [
            [
                "web-1 (s1)",
                "is not started: its re-attach is not finished, and a volume of it is detached",
            ],
        ]);
        cloud.remove("s1");
        assert.deepEqual(await startServers(options()), { done: 1, failed: 0, held: 0 });
    });
    it("starts one whose volume was attached again by hand since", async () => {
        await stopServers(options());
        cloud.failOver("s2");
        await beginReattach();
        cloud.failOver("s1");
        assert.deepEqual(await startServers(options()), { done: 2, failed: 0, held: 0 });
    });

    it("starts none that was stopped in another cloud, and says where it was", async () => {
        await stopServers(options());
        const [stopped] = openOperations();
        cloud.cloud = "77ab/RegionOne";
        await assert.rejects(startServers(options()), {
            name: "ServersError",
            message: `no server of backend ceph was stopped by servers --stop on this machine; operation ${stopped?.id ?? ""} has stopped servers of backend ceph with pool volumes between paris and lyon, of Cinder 3f0c/RegionOne; \`cinder-dr report ${stopped?.id ?? ""}\` shows it`,
        });
        await stopServers(options());
        assert.equal(openOperations().length, 1);
        cloud.server("s1").status = "ACTIVE";
        await stopServers(options());
        assert.equal(openOperations().length, 2);
    });
    it("starts none that was stopped before journals told the cloud", async () => {
        const begun = { id: "s", verb: STOP, backend: "ceph", who: "", version: "0", flags: {} };
        Journal.create(begun).close();
        await assert.rejects(
            startServers(options()),
            /operation s has stopped servers of backend ceph, and does not say of which cloud: start them by hand/,
        );
    });
    it("starts none whose volume is on a service that this topology leaves out", async () => {
        await stopServers(options());
        cloud.failOver();
        orders();
        const services = cloud.cinder.services.bind(cloud.cinder);
        cloud.cinder.services = async () => [...(await services()), row({ host: "edge-b@ceph" })];
        const edge = { ...options(), backend: { ...backend, otherHosts: ["cinder-a"] } };
        assert.deepEqual(await startServers(edge), { done: 0, failed: 0, held: 2 });
        assert.deepEqual(orders(), []);
        assert.deepEqual(told("problem")[0], [
            "web-1 (s1)",
            "is not started: its volume v1 is on cinder-a@ceph, which backends.ceph.otherHosts leaves out",
        ]);
    });
    it("starts none whose attachment Cinder has lost", async () => {
        await stopServers(options());
        cloud.cinder.allAttachments = () => Promise.resolve([]);
        orders();
        assert.deepEqual(await startServers(options()), { done: 0, failed: 0, held: 2 });
        assert.deepEqual(orders(), []);
        assert.match(told("problem")[0]?.[1] ?? "", /volume v1 on cinder-a@ceph is attached, and/);
    });
    it("starts one that has no volume of the backend any more", async () => {
        await stopServers(options());
        cloud.failOver();
        await cloud.nova.detach("s1", "v1");
        cloud.volume("v2").host = "cinder-a@fast#fast";
        orders();
        assert.deepEqual(await startServers(options()), { done: 2, failed: 0, held: 0 });
        assert.deepEqual(orders(), ["s1 os-start", "s2 os-start"]);
    });

    it("does not try to stop one whose compute host is down, and names it", async () => {
        cloud.server("s1").hostStatus = "UNKNOWN";
        assert.equal(await stopServers(options()), 0);
        assert.deepEqual(orders(), ["s2 os-stop"]);
        assert.deepEqual(told("warning"), [
            [
                "web-1 (s1)",
                "is not stopped: its compute host compute-a is down (Nova's host_status: UNKNOWN); its guest may still run and write",
            ],
        ]);
    });
    it("does not try to start one whose compute host is down", async () => {
        await stopServers(options());
        cloud.server("s1").hostStatus = "DOWN";
        orders();
        assert.deepEqual(await startServers(options()), { done: 1, failed: 0, held: 1 });
        assert.deepEqual(orders(), ["s2 os-start"]);
        assert.match(found.find(({ state }) => state === "problem")?.next ?? "", /evacuate s1/);
    });
});
