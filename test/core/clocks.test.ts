import { strict as assert } from "node:assert";

import { blockersOf } from "../../core/blockers";
import { clockFault } from "../../core/clocks";
import { planLines, preflightOf } from "../../core/preflight";
import { isSeen } from "../../core/replica";
import { statusOf } from "../../core/status";
import type { Survey } from "../../core/survey";
import { names, NOW, reader, row, survey, type Given } from "../support/survey";

const HOUR = 3600;

/** A survey whose secondary is told by a clock that is so many seconds off. */
function off(seconds: number, given: Given = {}): Survey {
    const seen = survey(given);
    const view = seen.views.secondary;
    assert.ok(isSeen(view));
    view.now = NOW + seconds;
    return seen;
}
const faultOf = (seen: Survey) => clockFault(seen, "secondary");

describe("a site's clock", () => {
    it("is right where it agrees, and where nobody else's is seen", () => {
        assert.equal(faultOf(survey()), undefined);
        assert.equal(faultOf(off(100)), undefined);
        assert.equal(faultOf(off(HOUR, { rows: [row({ state: "down" })] })), undefined);
        const unseen = survey({ views: { secondary: { unseen: "no answer" } } });
        assert.equal(faultOf(unseen), undefined);
    });

    it("is right where its cluster's stamps are fresh by it, whatever a service's clock says", () => {
        const at = (seconds: number) => new Date((NOW + seconds) * 1000).toISOString().slice(0, -1);
        assert.equal(faultOf(off(0, { rows: [row({ updated_at: at(HOUR) })] })), undefined);
        assert.equal(faultOf(off(0, { rows: [row({ updated_at: at(-HOUR) })] })), undefined);
    });

    it("is known to be behind by its own cluster's stamps, though no service reports", () => {
        assert.equal(
            faultOf(off(-HOUR, { rows: [] })),
            "its admin host's clock is 3597 s behind its cluster's: how old its statuses are cannot be told",
        );
    });

    it("that is an hour ahead stops planned moves, and status says so, not forced ones", () => {
        const fact =
            "its admin host's clock is 3605 s ahead of the reports of Cinder's services: how old its statuses are cannot be told";
        const seen = off(HOUR);
        for (const move of ["planned", "failback"] as const)
            assert.ok(blockersOf(seen, move).some((one) => one.fact === fact));
        assert.ok(!blockersOf(seen, "forced").some((one) => one.fact === fact));
        // Of daemons and their silence nothing can be said then.
        assert.ok(!blockersOf(seen, "planned").some((one) => /has reported/.test(one.fact)));
        const found = statusOf(seen, new Map(), new Set()).findings;
        assert.deepEqual(
            found.filter((one) => one.fact === fact).map(({ state, subject }) => [state, subject]),
            [["problem", `site ${names.secondary}`]],
        );
    });

    it("bounds no loss of a dead primary", () => {
        const reports = [{ state: "up+stopped", description: "", lastUpdate: NOW, uuid: "p" }];
        const dead = {
            primary: undefined,
            secondary: reader({ peers: reports }),
            views: { primary: { unseen: "no answer" } },
        };
        const { lossSeconds, loss } = preflightOf(off(-HOUR, dead), "forced");
        assert.equal(lossSeconds, undefined);
        assert.match(loss, /^not known: its admin host's clock is 3597 s behind its cluster's/);
        assert.ok(planLines(preflightOf(off(-HOUR, dead), "forced")).some((l) => l.includes(loss)));
        const [told] = statusOf(off(-HOUR, dead), new Map(), new Set()).volumes;
        assert.equal(told?.lag.seconds, undefined);
    });
});
