import assert from "node:assert/strict";

import { planLines, preflightOf } from "../../core/preflight";
import type { Rates } from "../../core/loss";
import { NOW, reader, survey, writer, type Given } from "../support/survey";

const DEAD = { primary: { unseen: "no answer" } };
const behind = 'replaying, {"entries_behind_primary":640}';
const peers = [{ state: "down+stopped", description: "", lastUpdate: NOW - 607, uuid: "p" }];
const reported = (ago: number) => [
    { state: "up+stopped", description: "", lastUpdate: NOW - ago, uuid: "p" },
];
const frozen = { lastUpdate: NOW - 612, peers };

describe("what a forced failover loses", () => {
    const lossOf = (given: Given, rates?: Rates) => {
        const plan = preflightOf(survey(given), "forced", undefined, rates);
        const line = planLines(plan).find((one) => one.startsWith("data loss: "));
        assert.equal(line, `data loss: ${plan.loss}`);
        return [plan.lossSeconds, plan.loss];
    };
    const BUSY = { primary: writer({ positions: { "": [3, 140], peer: [3, 100] } }) };
    const cases: [string, Given, Rates | undefined, [number | undefined, string]][] = [
        ["nothing of an idle primary that lives", {}, undefined, [0, "none"]],
        [
            "what a busy one writes while the secondary is behind",
            BUSY,
            new Map([["volume-v1", 10]]),
            [4, "at most 4.0 s"],
        ],
        [
            "what cannot be timed, since nobody writes now",
            BUSY,
            new Map([["volume-v1", 0]]),
            [
                undefined,
                "not known: 1 volume 40 journal entries behind, and nothing was written while they were watched",
            ],
        ],
        [
            "what was not timed",
            BUSY,
            undefined,
            [
                undefined,
                "not known: 1 volume 40 journal entries behind, and how fast they were written was not measured",
            ],
        ],
        [
            "what a dead primary wrote since the last status, which is frozen",
            { primary: undefined, secondary: reader(frozen), views: DEAD },
            undefined,
            [
                612,
                "at most 612.0 s (lyon's last status is 612 s old; paris last reported 607 s ago)",
            ],
        ],
        [
            "what a dead primary wrote since it was last heard, though the secondary still speaks",
            {
                primary: undefined,
                secondary: reader({ lastUpdate: NOW - 8, peers: reported(74) }),
                views: DEAD,
            },
            undefined,
            [74, "at most 74.0 s (lyon's last status is 8 s old; paris last reported 74 s ago)"],
        ],
        [
            "so much if the whole site is dead, while the primary's rbd-mirror still reports",
            {
                primary: undefined,
                secondary: reader({
                    lastUpdate: NOW - 4,
                    peers: reported(5),
                }),
                views: DEAD,
            },
            undefined,
            [
                undefined,
                "at most 5.0 s if the whole site is dead (lyon's last status is 4 s old; paris last reported 5 s ago, and its rbd-mirror may outlive its cluster: look again when it is silent)",
            ],
        ],
        [
            "where no daemon of the primary ever reported, since the secondary's word proves nothing",
            {
                primary: undefined,
                secondary: reader({ lastUpdate: NOW - 8, peers: [] }),
                views: DEAD,
            },
            undefined,
            [undefined, "not known: 1 volume of which rbd-mirror of paris never reported to lyon"],
        ],
        [
            "what a dead primary was ahead by in its last status",
            {
                primary: undefined,
                secondary: reader({ ...frozen, description: behind }),
                views: DEAD,
            },
            undefined,
            [
                undefined,
                "not known: 1 volume 640 journal entries behind, and paris cannot be asked how fast they were written; paris last reported 607 s ago",
            ],
        ],
        [
            "a whole image that does not replay",
            { primary: undefined, secondary: reader({ state: "up+syncing" }), views: DEAD },
            undefined,
            [undefined, "not known: 1 volume without replay on lyon (v1 (db): up+syncing)"],
        ],
        [
            "nothing where nothing moves",
            { primary: undefined, secondary: undefined, views: DEAD },
            undefined,
            [undefined, "none: no volume moves"],
        ],
        [
            "what a secondary without an answer lacks",
            { secondary: undefined, views: { secondary: { unseen: "no answer" } } },
            undefined,
            [undefined, "not known: lyon cannot be asked: no answer"],
        ],
    ];
    for (const [title, given, rates, wanted] of cases)
        it(title, () => {
            assert.deepEqual(lossOf(given, rates), wanted);
        });
});
