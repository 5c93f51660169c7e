import { strict as assert } from "node:assert";

import type { ServiceRow } from "../../core/service";
import { parseTopology } from "../../core/topology";
import type { Journal } from "../../operations/journal";
import { moveHosts } from "../../operations/moveBackend";
import { OpenStackError } from "../../operations/openstack";
import { PartialError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import { fakeClock } from "../support/fakeClock";
import { row } from "../support/survey";
import { goodTopology } from "../support/topology";

const [backend] = parseTopology(goodTopology()).backends;
const VOLUMES = 3000;
const journalOf = (verb: string): { journal: Journal } => ({
    journal: { id: "x", begun: { verb }, append: () => undefined } as unknown as Journal,
});

describe("a move of thousands of volumes", () => {
    const clock = fakeClock();
    let asked = 0;
    const called: [string, string][] = [];

    /** A Cinder that takes a move at once, and so many seconds for it. */
    function cinder(seconds: number): Run {
        const rows = ["cinder-a@ceph", "cinder-b@ceph"].map((host) => row({ host }));
        let begun: number | undefined;
        const services = () => {
            asked++;
            if (begun !== undefined && clock.now - begun >= seconds * 1000)
                for (const one of rows) one.replication_status = "failed-over";
            return Promise.resolve(rows);
        };
        const failoverHost = (host: string, id: string) => {
            called.push([host, id]);
            begun ??= clock.now;
            const own = rows.find((one) => one.host === host);
            if (own) own.replication_status = "failing-over";
            return Promise.resolve();
        };
        const run = {
            backend,
            parts: { cinder: { services, failoverHost } },
            ...journalOf("failover --planned"),
            doing: () => undefined,
            signal: new AbortController().signal,
        };
        return run as unknown as Run;
    }

    beforeEach(() => {
        asked = 0;
        called.length = 0;
    });

    it("is called once a host, and followed for as long as the slowest may take, ever more seldom", async () => {
        const slow = 15 * VOLUMES;
        const rows = await moveHosts(cinder(slow), "secondary", VOLUMES);
        assert.deepEqual(called, [
            ["cinder-a@ceph", "secondary"],
            ["cinder-b@ceph", "secondary"],
        ]);
        assert.deepEqual(
            rows.map(({ replication_status }) => replication_status),
            ["failed-over", "failed-over"],
        );
        assert.ok(asked < slow / 4, String(asked));
    });

    it("is given up with what was seen last, and how a service is helped that never ends it", async () => {
        const left = (verb: string) =>
            moveHosts({ ...cinder(Infinity), ...journalOf(verb) }, "secondary", VOLUMES).then(
                () => assert.fail("it has ended"),
                (error: unknown) => {
                    assert.ok(error instanceof PartialError);
                    assert.equal(
                        error.message,
                        "gave up after 48120 s waiting for Cinder to finish the failover; last seen: cinder-a@ceph failing-over, up; cinder-b@ceph failing-over, up",
                    );
                    return error.left.join();
                },
            );
        const planned = await left("failover --planned");
        assert.match(planned, /restart it on each of them, then `cinder-dr resume x`$/);
        assert.match(planned, /log of cinder-a@ceph, cinder-b@ceph:/);
        assert.match(await left("failover --forced"), /`cinder-dr resume x --write-all-rows`$/);
    });
});

describe("a move that nobody goes on with", () => {
    const clock = fakeClock();

    /** Follows two hosts that are failing over, by what their services say at a time of the clock. */
    async function leftOf(
        state: (host: string) => string,
        {
            verb = "failover --planned",
            only = ({ host }: ServiceRow) => host !== "",
            abortAt = Infinity,
        } = {},
    ): Promise<PartialError> {
        const controller = new AbortController();
        const services = () => {
            if (clock.now >= abortAt) controller.abort();
            return Promise.resolve(
                ["a@ceph", "b@ceph"].map((host) =>
                    row({ host, replication_status: "failing-over", state: state(host) }),
                ),
            );
        };
        const run = {
            backend,
            parts: { cinder: { services } },
            ...journalOf(verb),
            doing: () => undefined,
            signal: controller.signal,
        } as unknown as Run;
        const error: unknown = await moveHosts(run, "secondary", 100, only).then(
            () => assert.fail("it has ended"),
            (e: unknown) => e,
        );
        assert.ok(error instanceof PartialError, String(error));
        return error;
    }

    it("ends once all that move are down for three minutes, with how they are helped", async () => {
        const down = await leftOf(() => "down");
        assert.match(down.message, /^a@ceph, b@ceph failing-over, and down for 180 s/);
        assert.ok(clock.now >= 180_000 && clock.now < 190_000, String(clock.now));
        assert.deepEqual(down.left, [
            "start cinder-volume again on a@ceph, b@ceph, then `cinder-dr resume x`",
        ]);
        const forced = await leftOf(() => "down", { verb: "failover --forced" });
        assert.match(forced.left.join(), /; or `cinder-dr resume x --write-rows`$/);
    });

    it("counts anew when one has reported in between", async () => {
        await leftOf(() => (clock.now > 100_000 && clock.now < 110_000 ? "up" : "down"));
        assert.ok(clock.now >= 280_000 && clock.now < 300_000, String(clock.now));
    });

    it("goes on while one of them lives, though others are stopped to have their rows written", async () => {
        const one = await leftOf((host) => (host === "a@ceph" ? "up" : "down"));
        assert.match(one.message, /^gave up after 1720 s/);
        clock.now = 0;
        const only = ({ host }: ServiceRow) => host === "a@ceph";
        const rows = await leftOf(() => "down", { only });
        assert.match(rows.message, /^a@ceph failing-over, and down/);
    });

    it("ends with the first Ctrl-C, and says that Cinder goes on", async () => {
        const left = await leftOf(() => "up", { abortAt: 60_000 });
        assert.equal(
            left.message,
            "interrupted: Cinder goes on with the failover of a@ceph, b@ceph",
        );
        assert.deepEqual(left.left, ["`cinder-dr resume x` waits for it and goes on"]);
        assert.ok(clock.now < 70_000, String(clock.now));
    });
});

describe("a call that moves a host", () => {
    fakeClock();
    const called: string[] = [];
    const noted: unknown[] = [];
    beforeEach(() => {
        called.length = 0;
        noted.length = 0;
    });

    /** A Cinder whose answers to the calls are these; @param moves whether a call that fails moves the host all the same */
    function cinder(answers: (OpenStackError | undefined)[], moves: boolean): Run {
        const own = row({ host: "cinder-a@ceph" });
        const failoverHost = (host: string) => {
            called.push(host);
            const answer = answers.shift();
            if (answer === undefined || moves) own.active_backend_id = "secondary";
            return answer === undefined ? Promise.resolve() : Promise.reject(answer);
        };
        const run = {
            backend,
            parts: { cinder: { services: () => Promise.resolve([own]), failoverHost } },
            journal: { append: (entry: unknown) => noted.push(entry) },
            doing: () => undefined,
            signal: new AbortController().signal,
        };
        return run as unknown as Run;
    }
    const busy = () => new OpenStackError("busy", 503);

    it("is made again while nobody takes it, and noted once", async () => {
        await moveHosts(cinder([busy(), busy()], false), "secondary", 1);
        assert.deepEqual(called, Array(3).fill("cinder-a@ceph"));
        assert.equal(noted.length, 1);
    });

    it("is not made again where the host has moved all the same", async () => {
        await moveHosts(cinder([busy(), busy()], true), "secondary", 1);
        assert.equal(called.length, 1);
    });

    for (const status of [undefined, 400, 502, 504])
        it(`is made once where it may have been taken (${String(status)})`, async () => {
            const error = new OpenStackError("no word", status);
            await assert.rejects(moveHosts(cinder([error], false), "secondary", 1), error);
            assert.equal(called.length, 1);
        });
});

describe("a move whose API is busy", () => {
    const clock = fakeClock();

    it("is followed all the same", async () => {
        const moving = row({ host: "cinder-a@ceph", replication_status: "failing-over" });
        let asked = 0;
        const services = () => {
            asked++;
            // The look before the call, then the API's limit on requests.
            if (asked > 1 && clock.now < 30_000)
                return Promise.reject(new OpenStackError("slow down", 429));
            if (asked > 1)
                Object.assign(moving, {
                    replication_status: "failed-over",
                    active_backend_id: "secondary",
                });
            return Promise.resolve([moving]);
        };
        const run = {
            backend,
            parts: { cinder: { services } },
            ...journalOf("failover --planned"),
            doing: () => undefined,
            signal: new AbortController().signal,
        } as unknown as Run;
        const rows = await moveHosts(run, "secondary", 1);
        assert.deepEqual(
            rows.map(({ replication_status }) => replication_status),
            ["failed-over"],
        );
    });
});
