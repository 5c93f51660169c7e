import { strict as assert } from "node:assert";

import { blockersOf } from "../../core/blockers";
import type { ServiceRow } from "../../core/service";
import type { HostFacts, Survey } from "../../core/survey";
import {
    isToProve,
    plan,
    refuseReturned,
    refuseUnstoppable,
    type ForcedOptions,
} from "../../operations/forcedPlan";
import { Journal } from "../../operations/journal";
import { RefusedError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import { RemoteError } from "../../operations/remoteError";
import { own } from "../support/backendKey";
import { ownJournals } from "../support/ownJournals";
import { runOptions } from "../support/runOptions";
import { backend, NOW, reader, row, survey, view } from "../support/survey";

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

describe("the second look at the secondary, which would have heard of a living primary", () => {
    ownJournals();
    const peer = { state: "up+stopped", description: "", uuid: "p", lastUpdate: NOW - 40 };
    const image = reader({ peers: [peer] });
    const dead = { primary: { unseen: "no answer" } };

    /** Plans with all consents. @param again what the secondary answers then @returns the seconds it may take */
    async function planned(again: () => Promise<unknown>, fenced?: string): Promise<unknown[]> {
        const options = runOptions([]);
        const accepted = new Map([["lost-writes", 1]]);
        const limits: unknown[] = [];
        options.parts.sites.secondary.pool = <T>(_: string, __: unknown, seconds?: number) => {
            limits.push(seconds);
            return again() as Promise<T>;
        };
        const begun = { ...own, who: "", version: "0", flags: {}, id: "1-failover-ceph" };
        const journal = Journal.create({ ...begun, verb: "failover --forced" });
        const run = {
            ...options,
            accepted,
            journal,
            phases: [],
            left: [],
            stillMine: () => Promise.resolve(),
        };
        const said = fenced === undefined ? {} : { fenced };
        try {
            await plan(run, survey({ secondary: image, views: dead }), {
                ...options,
                accepted,
                ...said,
            });
        } finally {
            journal.close();
        }
        return limits;
    }
    const same = () => Promise.resolve(view({ "volume-v1": image }));
    const silent = () => Promise.reject(new RemoteError("lyon", "no answer"));

    it("has the time of a living site, and lets a silent primary's failover go on", async () => {
        assert.deepEqual(await planned(same), [60]);
    });

    it("refuses where the primary's rbd-mirror has reported since", async () => {
        const heard = reader({ peers: [{ ...peer, lastUpdate: NOW - 1 }] });
        await assert.rejects(
            planned(() => Promise.resolve(view({ "volume-v1": heard }))),
            /the primary's rbd-mirror has just reported to the secondary/,
        );
    });

    it("refuses where it fails, for nobody would know", async () => {
        await assert.rejects(planned(silent), (error) => {
            assert.ok(error instanceof RefusedError);
            assert.match(error.message, /^refused, nothing was changed: nobody knows whether/);
            const fact = "cannot be asked a second time: lyon: no answer";
            assert.deepEqual(
                error.blockers.map((one) => [one.subject, one.fact]),
                [["site lyon", fact]],
            );
            return true;
        });
    });

    it("is not needed behind a fence", async () => {
        assert.deepEqual(await planned(silent, "its ports are down"), []);
    });
});

describe("a forced failover that may write rows", () => {
    it("is refused before anything is done where no host reaches the database or a message broker", async () => {
        const planned: string[] = [];
        const run = {
            backend,
            accepted: new Map(),
            journal: { append: () => undefined },
            planned: (lines: string[]) => planned.push(...lines),
        } as unknown as Run;
        const seen = { name: "cinder-a", service: "cinder-a@ceph", reach: { primary: "no" } };
        const dead = survey({
            hosts: [{ ...seen, unwritable: "message broker: no answer within 10 s" }],
            views: { primary: { unseen: "no answer" } },
        });
        await assert.rejects(
            plan(run, dead, { writeRows: true } as ForcedOptions),
            (error) =>
                error instanceof RefusedError &&
                error.blockers[0]?.fact === "message broker: no answer within 10 s",
        );
        assert.ok(planned.length > 0, "the plan is shown first");
    });
});
