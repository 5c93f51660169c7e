import { strict as assert } from "node:assert";

import { blockersOf } from "../../core/blockers";
import type { ServiceRow } from "../../core/service";
import type { HostFacts, Survey } from "../../core/survey";
import { isToProve, refuseReturned, refuseUnstoppable } from "../../operations/forcedPlan";
import { RefusedError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import { row, survey } from "../support/survey";

describe("a forced failover that goes on when the primary is back", () => {
    const here = row();
    const there = row({ host: "cinder-b@ceph", active_backend_id: "secondary" });
    const lives = survey({ rows: [here, there] });

    it("is refused while a host is still to be moved: its images would be demoted on the living one", () => {
        assert.throws(() => {
            refuseReturned(lives, undefined);
        }, RefusedError);
    });

    it("goes on where the primary is fenced, where it does not answer, and where all have moved", () => {
        refuseReturned(lives, "its switch ports are down");
        const dead = survey({ rows: [here, there], views: { primary: { unseen: "no answer" } } });
        refuseReturned(dead, undefined);
        refuseReturned(survey({ rows: [there] }), undefined);
    });
});

describe("a forced failover where Cinder is on the target already", () => {
    const there = [row({ active_backend_id: "secondary", replication_status: "failed-over" })];
    const dead = { primary: { unseen: "no answer" } };
    const passes = (seen: Survey, fenced?: string): boolean[] =>
        blockersOf(seen, "forced").map((stop) => isToProve(stop, seen, fenced));

    it("proves it where the primary is dead or fenced: a planned one has ended no rbd-mirror", () => {
        assert.deepEqual(passes(survey({ rows: there, views: dead })), [true]);
        assert.deepEqual(passes(survey({ rows: there }), "its ports are down"), [true]);
    });

    it("has nothing to do where the primary lives, and lets nothing else pass", () => {
        assert.deepEqual(passes(survey({ rows: there })), [false]);
        const moving = [row({ replication_status: "failing-over" })];
        assert.deepEqual(passes(survey({ rows: moving, views: dead })), [false]);
    });
});

describe("a forced failover by the rows of every host", () => {
    const refused = (hosts: HostFacts[], ...rows: ServiceRow[]) => {
        const known = hosts.map(({ name }) => ({ host: { name, service: {} }, canStop: true }));
        const run = { parts: { hosts: known }, journal: { entries: [] } } as unknown as Run;
        refuseUnstoppable(run, survey({ hosts, rows }));
    };
    const seen = { name: "cinder-a", reach: {}, service: "cinder-a@ceph" };
    const lost = { name: "cinder-b", reach: {}, unseen: "no answer" };

    it("is refused before anything is done where a living service cannot be stopped", () => {
        assert.throws(
            () => {
                refused([seen, lost], row(), row({ host: "cinder-b@ceph" }));
            },
            (error) =>
                error instanceof RefusedError &&
                error.message ===
                    "refused, nothing was changed: cinder-b@ceph: cinder-volume cannot be stopped from here; without --write-all-rows Cinder moves what lives",
        );
    });

    it("goes where it is down, or has moved", () => {
        refused([seen, lost], row(), row({ host: "cinder-b@ceph", state: "down" }));
        const moved = { active_backend_id: "secondary", replication_status: "failed-over" };
        refused([seen, lost], row(), row({ host: "cinder-b@ceph", ...moved }));
    });
});
