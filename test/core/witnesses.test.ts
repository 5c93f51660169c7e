import assert from "node:assert/strict";

import { blockersOf } from "../../core/blockers";
import { preflightOf } from "../../core/preflight";
import type { Unseen } from "../../core/replica";
import { row, survey, type Given } from "../support/survey";

const host = (name: string, reach: Record<string, string>, unseen?: string) => ({
    name,
    service: `${name}@ceph`,
    reach,
    ...(unseen === undefined ? {} : { unseen }),
});
const DEAD = { primary: undefined, views: { primary: { unseen: "no answer" } } };
const CUT = { primary: "timed out" };

describe("a primary that lives", () => {
    const said = (given: Given, move: "planned" | "forced" | "failback" = "forced") =>
        preflightOf(survey(given), move).blockers.map(({ fact }) => fact);
    const cases: [string, Given, string[]][] = [
        [
            "is proven by its admin host",
            {},
            ["the primary lives: its admin host answers for paris"],
        ],
        [
            "is proven by a Cinder host that reaches it",
            { ...DEAD, hosts: [host("cinder-a", {}), host("cinder-b", CUT)] },
            ["the primary lives: cinder-a reaches paris"],
        ],
        [
            "is proven by its cluster's answer, though the look was cut off behind it",
            {
                primary: undefined,
                views: { primary: { unseen: "late", isLate: true, lives: true } },
            },
            ["the primary lives: its admin host answers for paris"],
        ],
        ["is not proven by silence", { ...DEAD, hosts: [host("cinder-a", CUT)] }, []],
        [
            "is not proven by a host that cannot be asked",
            { ...DEAD, hosts: [host("cinder-a", {}, "no route")] },
            ["cannot be asked: no route"],
        ],
        [
            "is nobody's concern once the secondary is active",
            { rows: [row({ active_backend_id: "secondary", replication_status: "failed-over" })] },
            ["is on lyon already: Cinder would demote and promote every image again"],
        ],
    ];
    for (const [title, given, facts] of cases)
        it(title, () => {
            assert.deepEqual(said(given), facts);
        });
    it("is said to be no witness where it was not asked in time, and why else", () => {
        const warned = (primary: Unseen, move: "planned" | "forced", hosts: Given["hosts"] = []) =>
            preflightOf(survey({ primary: undefined, views: { primary }, hosts }), move).warnings;
        const late: Unseen = { unseen: "no answer within 5 s", isLate: true };
        const end = "that alone does not prove it dead: see that nothing writes there";
        assert.deepEqual(warned(late, "forced"), [
            `site paris: not asked in time: no answer within 5 s; ${end}`,
        ]);
        assert.deepEqual(warned({ unseen: "another key" }, "forced"), [
            `site paris: cannot be asked: another key; ${end}`,
        ]);
        assert.deepEqual(warned(late, "forced", [host("cinder-a", {})]), [], "one has seen it");
        assert.deepEqual(warned(late, "planned"), []);
    });
    it("stands in a forced move's way, with its cure, and no --accept-loss lets it pass", () => {
        const [found] = preflightOf(survey(), "forced").blockers;
        assert.equal(found?.subject, "site paris");
        assert.match(found.next, /`failover --planned` loses nothing; .*--fenced '<how>'/);
        assert.equal(found.consent, undefined);
    });
    it("stands in no other move's way, and not in that of a forced one with --fenced", () => {
        assert.deepEqual(said({}, "planned"), []);
        assert.deepEqual(blockersOf(survey(), "forced"), []);
    });
});
