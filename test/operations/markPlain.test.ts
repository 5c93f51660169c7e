import { strict as assert } from "node:assert";

import type { Pair, PoolView } from "../../core/replica";
import type { Survey } from "../../core/survey";
import { markStep } from "../../operations/markPlain";
import { RefusedError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";

const SEEN = { images: {} } as PoolView;
const volume = (id: string) =>
    ({ volume: { id, name: id, host: "cinder-a@ceph#ceph" } }) as unknown as Pair;

/** What a mark is asked with; whatever it touches beyond its refusal fails. */
function mark(views: Partial<Survey["views"]>, count: number, agreed?: number): unknown {
    const survey = {
        views: { primary: SEEN, secondary: SEEN, ...views },
        names: { primary: "paris", secondary: "lyon" },
    } as Survey;
    const accepted = new Map(agreed === undefined ? [] : [["unmarked", agreed]]);
    const lonely = Array.from({ length: count }, (_, at) => volume(`v${String(at)}`));
    try {
        void markStep({ accepted } as unknown as Run, survey, lonely, "disabled");
    } catch (error) {
        return error;
    }
    return undefined;
}

describe("marking volumes as not replicated", () => {
    it("is refused where a site was not seen, and every image seems to be missing", () => {
        const refused = mark({ primary: { unseen: "no answer" } }, 1, 1);
        assert.ok(refused instanceof RefusedError);
        assert.deepEqual(
            refused.blockers.map(({ subject, fact }) => [subject, fact]),
            [["site paris", "no answer"]],
        );
    });

    it("is refused for more volumes than were agreed to", () => {
        for (const [count, agreed] of [[1], [2, 1]] as const) {
            const refused = mark({}, count, agreed);
            assert.ok(refused instanceof RefusedError);
            assert.match(refused.blockers[0]?.fact ?? "", /and [01] were agreed to: v0/);
        }
    });
});
