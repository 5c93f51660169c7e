import { strict as assert } from "node:assert";

import { follows, resyncBlockers, undecided } from "../../core/failback";
import { imageFaults } from "../../core/imageFaults";
import { names, reader, row, survey, view, writer, type Given } from "../support/survey";

const THERE = [row({ active_backend_id: "secondary", replication_status: "failed-over" })];
const FORK = reader({ state: "up+error", description: "split-brain detected" });

describe("an image that stays on the secondary", () => {
    const seen = (given: Given) =>
        survey({ rows: THERE, primary: reader(), secondary: writer(), ...given });
    /** Whether it follows, and whether a person must decide. */
    const verdict = (given: Given): [boolean, boolean] => {
        const found = seen(given);
        const [pair] = found.pairs;
        assert.ok(pair);
        return [follows(pair, found), undecided(found).length > 0];
    };
    const busy = { "": [3, 900] as [number, number], peer: [3, 100] as [number, number] };
    const cases: [string, Given, boolean, boolean][] = [
        ["follows where it replays", {}, true, false],
        [
            "follows late, for its server writes on",
            { secondary: writer({ positions: busy }) },
            true,
            false,
        ],
        [
            "follows, though Cinder calls the volume error",
            { volume: { status: "error" } },
            true,
            false,
        ],
        [
            "does not follow yet while it syncs",
            { primary: reader({ state: "up+syncing" }) },
            false,
            false,
        ],
        ["does not follow as a fork", { primary: FORK }, false, false],
        ["does not follow as a second primary", { primary: writer() }, false, false],
        ["does not follow while it is gone for its resync", { primary: undefined }, false, false],
        [
            "is to be decided where the active side is not primary",
            { primary: writer(), secondary: reader() },
            false,
            true,
        ],
        [
            "is to be decided where there is none",
            { primary: undefined, secondary: undefined },
            false,
            true,
        ],
        [
            "is nobody's business while it is being made",
            { volume: { status: "creating" }, primary: undefined, secondary: undefined },
            false,
            false,
        ],
    ];
    for (const [title, given, following, decide] of cases)
        it(title, () => {
            assert.deepEqual(verdict(given), [following, decide]);
        });
});

describe("the cure of two primaries", () => {
    const cure = (active: "primary" | "secondary") => {
        const both = survey({ secondary: writer() });
        const [pair] = both.pairs;
        assert.ok(pair);
        return imageFaults(pair, active, both.views, names)[0]?.next;
    };
    it("is a resync of the designed primary where the secondary is active", () => {
        assert.equal(
            cure("secondary"),
            "stop every writer on paris; to keep lyon: `cinder-dr failback --resync-only` demotes and resyncs it on paris, with consent",
        );
    });
    it("is by hand where the primary is active, for nothing here throws the secondary's copy away", () => {
        assert.equal(
            cure("primary"),
            "stop every writer on lyon; to keep paris: `cinder-dr resume` if a failover was cut short; else on lyon, `rbd mirror image demote` where it is primary, then `rbd mirror image resync`, of volume-v1: what only it has is lost",
        );
    });
});

describe("what stands in the way of a resync alone", () => {
    const facts = (given: Given) =>
        resyncBlockers(survey({ rows: THERE, ...given })).map(({ fact }) => fact);

    it("is no server, and no cinder-volume that is down", () => {
        const [down] = THERE.map((one) => ({ ...one, state: "down" }));
        assert.ok(down);
        assert.deepEqual(facts({ rows: [down], volume: { servers: ["web-1"] } }), []);
    });
    it("is a backend whose volumes are not on the secondary; a host without any says nothing", () => {
        const not = [
            `its hosts are not all on ${names.secondary}, so its copies are not known to be the true ones`,
        ];
        assert.deepEqual(facts({ rows: [row()] }), not);
        assert.deepEqual(facts({ rows: [...THERE, row({ host: "cinder-b@ceph" })] }), []);
    });
    it("is a host that moves", () => {
        const moving = THERE.map((one) => ({ ...one, replication_status: "failing-over" }));
        assert.deepEqual(facts({ rows: moving }), ["is failing over now"]);
    });
    it("is a site without rbd-mirror", () => {
        const views = { primary: view({}, { daemons: { list: [] } }) };
        assert.deepEqual(facts({ views }), ["no rbd-mirror daemon is in its service map"]);
    });
});
