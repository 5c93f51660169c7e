import { strict as assert } from "node:assert";

import { planLines, preflightOf } from "../../core/preflight";
import type { PoolView } from "../../core/replica";
import { ROLES, type Role } from "../../core/topology/site";
import type { ForcedOptions } from "../../operations/forcedPlan";
import { lookFirst } from "../../operations/forcedLook";
import { preflight } from "../../operations/preflight";
import type { Run } from "../../operations/run";
import { askCinder } from "../../operations/takeSurvey";
import { ownJournals } from "../support/ownJournals";
import { runOptions } from "../support/runOptions";
import { reader, survey, view } from "../support/survey";

describe("the other mirrored pools of a cluster whose rbd-mirror is stopped", () => {
    ownJournals();

    /** What a plan says of them. */
    function said(move: "planned" | "forced", mirrored?: PoolView["mirrored"]): string[] {
        const secondary = view({}, mirrored === undefined ? {} : { mirrored });
        return planLines(preflightOf(survey({ views: { secondary } }), move)).filter((line) =>
            line.includes("rbd-mirror is stopped"),
        );
    }

    it("are named by the plan of a forced move, whose replication pauses", () => {
        const mirrored = { list: ["cold", "volumes", "vms"] };
        assert.deepEqual(said("forced", mirrored), [
            "warning: site lyon: its rbd-mirror is stopped for its other mirrored pools, too (cold, vms): nothing is replicated to them until it runs again",
        ]);
        assert.deepEqual(said("planned", mirrored), []);
        assert.deepEqual(said("forced", { list: ["volumes"] }), []);
        assert.deepEqual(said("forced"), []);
    });

    it("are said not to be known where the user may not see them", () => {
        const mirrored = { list: ["volumes"], unseen: "pool 'alpha': PermissionError" };
        assert.deepEqual(said("forced", mirrored), [
            "warning: site lyon: its rbd-mirror is stopped; whether it serves more pools cannot be seen: pool 'alpha': PermissionError",
        ]);
    });

    /** Sites that a look asks for all their mirrored pools. */
    async function asked(look: (options: ForcedOptions) => Promise<unknown>): Promise<Role[]> {
        const options = runOptions([]);
        const roles: Role[] = [];
        for (const role of ROLES)
            options.parts.sites[role].pool = <T>(_: string, question: object) => {
                if ("mirrored" in question && question.mirrored === true) roles.push(role);
                return Promise.resolve(view({ "volume-v1": reader() }) as T);
            };
        await look(options);
        return roles;
    }

    it("are asked of the secondary, by a forced failover and its preflight alone", async () => {
        const forced = (options: ForcedOptions) =>
            lookFirst(
                { ...options, phases: [] } as unknown as Run,
                options,
                performance.now(),
                askCinder(options.parts),
            );
        assert.deepEqual(await asked(forced), ["secondary"]);
        for (const move of ["planned", "forced", "failback"] as const) {
            const roles = await asked(({ parts, backend, signal }) =>
                preflight(parts, backend, move, signal),
            );
            assert.deepEqual(roles, move === "forced" ? ["secondary"] : [], move);
        }
    });
});
