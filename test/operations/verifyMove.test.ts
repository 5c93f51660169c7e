import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import type { VolumeFacts } from "../../core/replica";
import type { Run } from "../../operations/run";
import * as takeSurvey from "../../operations/takeSurvey";
import { verifyStep, type Moved } from "../../operations/verifyMove";
import { runOptions } from "../support/runOptions";
import { reader, row, survey, writer } from "../support/survey";

describe("the look at every volume after a move", () => {
    afterEach(() => {
        mock.restoreAll();
    });

    async function looked(
        volume: Partial<VolumeFacts>,
        statuses?: Record<string, string>,
        secondary = writer(),
        there = row({ active_backend_id: "secondary", replication_status: "failed-over" }),
    ): Promise<{ moved: Moved; told: Finding }> {
        const seen = survey({ rows: [there], secondary, volume });
        // One that is mocked twice is not restored.
        mock.restoreAll();
        mock.method(takeSurvey, "askCinder", () => ({}));
        mock.method(takeSurvey, "takeSurvey", () => Promise.resolve(seen));
        const found: Finding[] = [];
        const noted = { kind: "noted", step: "statuses", data: { volumes: statuses } };
        const entries = statuses === undefined ? [] : [noted];
        const journal = { entries, always: (_: string, work: () => unknown) => work() };
        const run = { ...runOptions(found), phases: [], journal } as unknown as Run;
        const moved = await verifyStep(run, "secondary", ["v1"]);
        const [told] = found;
        assert.ok(told);
        return { moved, told };
    }

    it("is ok when all are there", async () => {
        const { moved, told } = await looked({ replicationStatus: "failed-over" });
        assert.deepEqual(moved, { moved: ["v1"], wrong: [], unproven: [], isAstray: false });
        assert.equal(told.state, "ok");
        assert.equal(told.fact, "1 of 1 volumes are moved: primary on lyon");
    });

    it("takes no offence at a volume that was in error before", async () => {
        const volume = { status: "error", replicationStatus: "failed-over" };
        for (const [statuses, wrong] of [
            [{ v1: "error" }, 0],
            [{ v1: "available" }, 1],
            [undefined, 1],
        ] as const)
            assert.equal((await looked(volume, statuses)).moved.wrong.length, wrong);
        const left = { status: "error", replicationStatus: "failover-error" };
        assert.equal((await looked(left, { v1: "error" })).moved.wrong.length, 1);
    });

    it("names in its own words one that has moved, and that other work has put into an error", async () => {
        const volume = { status: "error_extending", replicationStatus: "failed-over" };
        const { moved, told } = await looked(volume, { v1: "in-use" });
        assert.deepEqual(moved, { moved: ["v1"], wrong: [], unproven: [], isAstray: false });
        assert.equal(told.state, "warning");
        assert.match(told.fact, /^has moved, .* its status in Cinder is 'error_extending'$/);
        assert.equal((await looked(volume, { v1: "error_extending" })).told.state, "ok");
        const behind = await looked({ status: "error_extending" }, {}, reader());
        assert.deepEqual(behind.moved.unproven, ["v1"]);
        assert.match(behind.moved.wrong[0]?.fact ?? "", /not primary on lyon; .*'error_extending'/);
    });

    it("says whether a host has strayed", async () => {
        const { moved } = await looked({ replicationStatus: "failed-over" }, {}, writer(), row());
        assert.deepEqual([moved.isAstray, moved.unproven, moved.wrong.length], [true, [], 1]);
    });

    it("is a problem when one is not, with what comes next", async () => {
        const { moved, told } = await looked({ replicationStatus: "failover-error" });
        assert.deepEqual(moved.wrong, [
            { volume: "v1 (db)", fact: "its replication_status is failover-error" },
        ]);
        assert.equal(told.state, "problem");
        assert.match(told.next ?? "", /^the last line says/);
    });
});
