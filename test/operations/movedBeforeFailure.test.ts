import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import type { ServiceRow } from "../../core/service";
import { failback } from "../../operations/failback";
import { failoverPlanned } from "../../operations/failoverPlanned";
import * as freeze from "../../operations/freeze";
import * as gate from "../../operations/gate";
import { Journal } from "../../operations/journal";
import * as moveBackend from "../../operations/moveBackend";
import * as reverse from "../../operations/proveReverse";
import * as restartBehind from "../../operations/restartBehind";
import type { RunOptions } from "../../operations/run";
import * as savedStatuses from "../../operations/savedStatuses";
import { SiteLock } from "../../operations/siteLock";
import * as verifyMove from "../../operations/verifyMove";
import { own } from "../support/backendKey";
import { ownJournals } from "../support/ownJournals";
import { runOptions } from "../support/runOptions";
import { row, survey } from "../support/survey";

const ID = "20261122T201503-move-ceph-7f2a";

describe("a move that fails after its hosts have moved", () => {
    ownJournals();
    /** What `verify` finds wrong. */
    let wrong: verifyMove.Moved["wrong"] = [];
    let unproven: string[] = [];
    /** Hosts that are elsewhere. */
    let astray: ServiceRow[] = [];
    beforeEach(() => {
        [wrong, unproven, astray] = [[], [], []];
        const free = { release: () => Promise.resolve(), check: () => Promise.resolve() };
        mock.method(SiteLock, "take", () => Promise.resolve(free));
        mock.method(moveBackend, "lookAtBoth", () => Promise.resolve(survey()));
        mock.method(moveBackend, "rowsNow", () => Promise.resolve(astray));
        mock.method(moveBackend, "calledHosts", () => ["cinder-a@ceph"]);
        mock.method(gate, "gateRest", () => Promise.resolve());
        mock.method(verifyMove, "moveAndVerify", () =>
            Promise.resolve({ moved: [], wrong, unproven, isAstray: astray.length > 0 }),
        );
        mock.method(restartBehind, "restartBehind", () => Promise.resolve([]));
        mock.method(freeze, "thawStep", () => Promise.resolve());
        const silent = () => Promise.reject(new Error("Cinder does not answer"));
        mock.method(savedStatuses, "restore", silent);
        mock.method(reverse, "proveReverse", silent);
    });
    afterEach(() => {
        mock.restoreAll();
    });

    const ways = {
        failback: (options: RunOptions) =>
            failback({ ...options, resyncSeconds: 1, compareBytes: 1 }, {}, ID),
        "failover --planned": (options: RunOptions) => failoverPlanned(options, {}, ID),
    };
    for (const [verb, work] of Object.entries(ways))
        it(`has told that they are, once and in time: ${verb}`, async () => {
            const begun = { ...own, who: "ops@bastion", version: "0", flags: {} };
            const journal = Journal.create({ ...begun, id: ID, verb });
            journal.append({ kind: "noted", step: "moving", data: ["v1"] });
            journal.close();
            const told: (readonly string[])[] = [];
            const found: Finding[] = [];
            const options = {
                ...runOptions(found),
                moved: (ids: readonly string[]) => told.push(ids),
            };
            await assert.rejects(work(options), /Cinder does not answer/);
            assert.deepEqual(told, [[]]);
            // One volume that is not there keeps the servers of the others down no longer.
            wrong = [{ volume: "v1 (db)", fact: "its image is not primary on lyon" }];
            unproven = ["v1"];
            await assert.rejects(work(options), /its image is not primary/);
            assert.deepEqual(told, [[], ["v1"]]);
            astray = [row({ replication_status: "error" })];
            await assert.rejects(work(options), /its image is not primary/);
            assert.equal(told.length, 2);
        });
});
