import { strict as assert } from "node:assert";

import { blockersOf } from "../../core/blockers";
import { planLines, preflightOf } from "../../core/preflight";
import type { PoolView } from "../../core/replica";
import { statusOf } from "../../core/status";
import type { Move, Survey } from "../../core/survey";
import type { Role } from "../../core/topology/site";
import { reader, row, survey, view, writer } from "../support/survey";

/** A survey in which one site says this of its room; of a failback, the secondary is active. */
function seen(role: Role, flags: PoolView["flags"], move: Move = "planned"): Survey {
    const active = move === "failback" ? "secondary" : "primary";
    const image = role === active ? writer() : reader();
    return survey({
        views: { [role]: view({ "volume-v1": image }, { flags }) },
        ...(move === "failback"
            ? {
                  primary: reader(),
                  secondary: writer(),
                  rows: [
                      row({ active_backend_id: "secondary", replication_status: "failed-over" }),
                  ],
              }
            : {}),
    });
}
const WAITS = "each write waits, the lock of a move first";
const blocking = (role: Role, move: Move, ...list: string[]) =>
    blockersOf(seen(role, { list }, move), move).filter(({ fact }) => fact.includes(WAITS));

describe("a site's room", () => {
    const full: [string[], string, string][] = [
        [
            ["full"],
            `pool 'volumes' is full (no space): ${WAITS}`,
            "`ceph osd set-full-ratio 0.97` for the moment; then add OSDs or delete",
        ],
        [
            ["full", "full_quota"],
            `pool 'volumes' is full (running out of quota): ${WAITS}`,
            "`ceph osd pool set-quota volumes max_bytes 0` (and max_objects 0), a higher one, or delete",
        ],
        [
            ["pausewr", "full"],
            `its cluster has the flag pausewr: ${WAITS}`,
            "`ceph osd unset pause`",
        ],
    ];
    for (const [flags, fact, next] of full)
        it(`stops every move to it with its cure: ${flags.join()}`, () => {
            const on = (site: string) => [{ subject: `site ${site}`, fact, next }];
            assert.deepEqual(blocking("secondary", "planned", ...flags), on("lyon"));
            assert.deepEqual(blocking("secondary", "forced", ...flags), on("lyon"));
            assert.deepEqual(blocking("primary", "failback", ...flags), on("paris"));
        });

    it("on the side that is left stops what demotes there, and no forced move", () => {
        assert.equal(blocking("primary", "planned", "full").length, 1);
        assert.equal(blocking("secondary", "failback", "full").length, 1);
        assert.deepEqual(blocking("primary", "forced", "full"), []);
    });

    const findings = (flags: PoolView["flags"]) =>
        statusOf(seen("secondary", flags), new Map(), new Set(["volume-v1"]))
            .findings.filter(({ subject, state }) => subject === "site lyon" && state !== "ok")
            .map(({ state, fact }) => `${state} ${fact}`);
    const warnings = (role: Role, flags: PoolView["flags"]) =>
        planLines(preflightOf(seen(role, flags), "planned")).filter((line) =>
            line.startsWith("warning"),
        );

    it("is that of the pools with the images' data too, each with its own cure", () => {
        const flags = { list: [], data: { ec: ["full", "full_quota"], ssd: ["nearfull"] } };
        const one = {
            subject: "site lyon",
            fact: "data pool 'ec' is full (running out of quota): each write to its images waits",
            next: "`ceph osd pool set-quota ec max_bytes 0` (and max_objects 0), a higher one, or delete",
        };
        for (const move of ["planned", "forced"] as const)
            assert.deepEqual(
                blockersOf(seen("secondary", flags, move), move).filter(({ fact }) =>
                    fact.includes("full"),
                ),
                [one],
            );
        assert.deepEqual(findings(flags), [
            `problem ${one.fact}`,
            "warning data pool 'ssd' is nearfull: once it is full, writes wait and no move begins",
        ]);
    });

    it("that is scarce is a warning of status and of the plan, and stops nothing", () => {
        const scarce = { list: ["backfillfull"] };
        const fact =
            "pool 'volumes' is backfillfull: once it is full, writes wait and no move begins";
        assert.deepEqual(findings(scarce), [`warning ${fact}`]);
        assert.deepEqual(warnings("secondary", scarce), [
            `warning: site lyon: ${fact}; add OSDs or delete`,
        ]);
        assert.match(
            findings({ list: ["nearfull"] })[0] ?? "",
            /^warning pool 'volumes' is nearfull/,
        );
        assert.deepEqual(blockersOf(seen("secondary", scarce), "planned"), []);
        assert.deepEqual(warnings("primary", scarce), [], "what is left needs no room");
    });

    it("that is full is a problem of status, once", () => {
        assert.deepEqual(findings({ list: ["full", "nearfull"] }), [
            `problem pool 'volumes' is full (no space): ${WAITS}`,
        ]);
    });

    it("that cannot be seen stops nothing, and is said", () => {
        const unseen = { error: "RuntimeError: access denied" };
        const fact = "whether it is full cannot be seen: RuntimeError: access denied";
        assert.deepEqual(findings(unseen), [`warning ${fact}`]);
        assert.deepEqual(warnings("secondary", unseen), [
            `warning: site lyon: ${fact}; the Ceph user needs mon 'allow r'`,
        ]);
        assert.deepEqual(warnings("secondary", { list: [], ...unseen }), [
            `warning: site lyon: ${fact}; the Ceph user needs osd 'profile rbd' on the pool`,
        ]);
        assert.deepEqual(blockersOf(seen("secondary", unseen), "planned"), []);
    });

    it("that is ample is not spoken of", () => {
        assert.deepEqual(findings({ list: [] }), []);
        assert.deepEqual(warnings("secondary", { list: [] }), []);
    });
});
