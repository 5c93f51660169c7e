import { strict as assert } from "node:assert";

import { parseTopology } from "../../core/topology";
import type { Journal } from "../../operations/journal";
import { moveHosts } from "../../operations/moveBackend";
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
