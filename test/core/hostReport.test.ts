import assert from "node:assert/strict";

import { isApplied, standingOf, type HostReport } from "../../core/hostReport";

const result = (outcome: string) => ({
    outcome,
    step: "done",
    reason: "",
    next: "",
    at: "2026-11-22T10:00:00Z",
    pid: 7,
    protected: true,
});
const quiet: HostReport = { result: null, asked: true, pending: null, holder: null, problem: null };

describe("where a host stands", () => {
    const cases: [what: string, report: Partial<HostReport>, standing: string, fact: RegExp][] = [
        ["never pushed", {}, "not applied", /it was never pushed/],
        ["restarted", { result: result("restarted") }, "restarted", /ended restarted/],
        [
            "open to everybody",
            { result: { ...result("restarted"), warnings: ["x has mode 0644"] } },
            "restarted",
            /ended restarted; x has mode 0644$/,
        ],
        ["unchanged", { result: result("unchanged") }, "unchanged", /found it unchanged/],
        [
            "restarted for another topology",
            { result: result("restarted"), asked: false },
            "not applied",
            /ended restarted, of another topology/,
        ],
        [
            "rolled back",
            { result: { ...result("rolled-back"), step: "health", reason: "no heartbeat" } },
            "rolled back",
            /^health: no heartbeat$/,
        ],
        ["refused", { result: result("refused"), asked: false }, "refused", /^done: $/],
        ["being pushed", { holder: "pid 7", pending: "restarting" }, "under way", /pid 7/],
        ["cut off", { pending: "restarting" }, "cut off", /ended while restarting/],
        ["unreadable", { problem: "result.json is damaged" }, "failed", /damaged/],
    ];
    for (const [what, report, standing, fact] of cases)
        it(`is '${standing}' when it is ${what}`, () => {
            const stands = standingOf("a", { ...quiet, ...report });
            assert.equal(stands.standing, standing);
            assert.match(stands.fact, fact);
            assert.equal(isApplied(stands), ["unchanged", "restarted"].includes(standing));
        });
});
