import { strict as assert } from "node:assert";

import type { JournalEntry } from "../../core/operation";
import type { ServerPlan } from "../../core/serverPlan";
import type { Journal } from "../../operations/journal";
import type { ServersView } from "../../operations/servers";
import { planOf } from "../../operations/sessionPlan";

const plan = (id: string): ServerPlan =>
    ({ id, name: `web-${id}`, volumes: [], cure: "reattach", why: "" }) as unknown as ServerPlan;

describe("the plan of servers to re-attach", () => {
    const view = (...ids: string[]) => ({ plans: ids.map(plan) }) as unknown as ServersView;
    const at = "2026-01-01T00:00:00Z";

    /** A journal in which `killed` was cut short and `failed` has failed, or was interrupted. */
    function journal(killed: string[], failed: string[], reason = "it hangs"): Journal {
        const steps = (id: string): JournalEntry[] => [
            { at, kind: "started", step: `${id} detach v` },
        ];
        const entries: JournalEntry[] = [
            { at, kind: "planned", data: { plans: [...killed, ...failed].map(plan) } },
            ...killed.flatMap(steps),
            ...failed.flatMap((id): JournalEntry[] => [
                ...steps(id),
                { at, kind: "failed", step: `${id} detach v`, data: { reason } },
            ]),
        ];
        return { entries, result: () => undefined } as unknown as Journal;
    }
    const order = (of: Journal, seen: ServersView, ...servers: string[]) => {
        const { plans, waiting } = planOf(of, seen, servers);
        return [plans.map(({ id }) => id), waiting.map(({ id }) => id)];
    };

    it("goes on with what was killed, then begins new ones, and tries last what has failed", () => {
        assert.deepEqual(order(journal(["2"], ["1"]), view("1", "3")), [["2", "3", "1"], []]);
    });
    it("takes an interrupted one for one that was killed", () => {
        assert.deepEqual(order(journal([], ["1"], "interrupted"), view("1", "3")), [
            ["1", "3"],
            [],
        ]);
    });
    it("takes a server's name as it is typed, and as it is shown", () => {
        const shown = { ...plan("4"), name: "a\\u0060b\\u0060" };
        const seen = { plans: [plan("1"), shown] } as unknown as ServersView;
        for (const word of ["a`b`", shown.name, "4"])
            assert.deepEqual(order(journal([], []), seen, word), [["4"], []]);
    });
    it("touches those alone that are asked for, and does not forget the others", () => {
        assert.deepEqual(order(journal(["2"], ["1"]), view("1", "3"), "web-3"), [
            ["3"],
            ["2", "1"],
        ]);
    });
    it("knows a server whose volumes are all detached", () => {
        assert.deepEqual(order(journal(["2"], []), view("3"), "web-2"), [["2"], []]);
        assert.throws(() => planOf(journal([], []), view("3"), ["web-2"]), /got 'web-2'/);
    });
});
