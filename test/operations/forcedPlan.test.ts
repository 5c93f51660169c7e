import { strict as assert } from "node:assert";

import { refuseReturned } from "../../operations/forcedPlan";
import { RefusedError } from "../../operations/operationEnd";
import { row, survey } from "../support/survey";

describe("a forced failover that goes on when the primary is back", () => {
    const here = row();
    const there = row({ host: "cinder-b@ceph", active_backend_id: "secondary" });
    const lives = survey({ rows: [here, there] });

    it("is refused while a host is still to be moved: its images would be demoted on the living one", () => {
        assert.throws(() => {
            refuseReturned(lives, undefined);
        }, RefusedError);
    });

    it("goes on where the primary is fenced, where it does not answer, and where all have moved", () => {
        refuseReturned(lives, "its switch ports are down");
        const dead = survey({ rows: [here, there], views: { primary: { unseen: "no answer" } } });
        refuseReturned(dead, undefined);
        refuseReturned(survey({ rows: [there] }), undefined);
    });
});
