import assert from "node:assert/strict";

import { blockersOf, flushable } from "../../core/blockers";
import { discardsOf, needOf, nothingLost } from "../../core/failback";
import { imageFaults } from "../../core/imageFaults";
import { consentsOf, grown } from "../../core/consents";
import { planLines, preflightOf } from "../../core/preflight";
import { lagOf, type ImageView, type PoolView } from "../../core/replica";
import { halfMoved, restOf } from "../../core/rest";
import {
    activeSideOf,
    isOf,
    isOther,
    leadersOf,
    rowsOf,
    type ServiceRow,
} from "../../core/service";
import type { SeenClusters } from "../../core/serviceFindings";
import { entryRates, statusOf } from "../../core/status";
import { verdictLine } from "../../core/verdict";
import { lossOf } from "../../core/pairLoss";
import { unmarked } from "../../core/survey";
import {
    backend,
    names,
    NOW,
    reader,
    row,
    survey,
    view,
    writer,
    type Given,
} from "../support/survey";

/** As seen after a planned failover and one write that nobody flushed. */
const UNFLUSHED: Given = {
    primary: writer({ positions: { "": [4, 0], peer: [3, 100] } }),
    secondary: reader({
        description:
            'replaying, {"entries_behind_primary":0,"non_primary_position":{"entry_tid":100,"tag_tid":3},"primary_position":{"entry_tid":0,"tag_tid":4}}',
    }),
};

/** As a forced failover leaves a volume that was made before the backend had a replication_device. */
const LOST: Given = {
    volume: { status: "error", replicationStatus: "failover-error" },
    primary: undefined,
    secondary: undefined,
    rows: [row({ active_backend_id: "secondary", replication_status: "failed-over" })],
};

/** The same of one whose image the primary has, e.g. made just before the disaster; and when rbd-mirror has copied it. */
const WHOLE: Given = { ...LOST, primary: writer() };
const COPIED: Given = { ...WHOLE, secondary: reader() };

/** A site that has the volume's image, not mirrored. */
const THERE_TOO = view({}, { all: ["volume-v1"] });

const HOST = { name: "cinder-a", service: "cinder-a@ceph" };

const faultsOf = (given: Given, active: "primary" | "secondary" = "primary"): string[] => {
    const seen = survey(given);
    const [pair] = seen.pairs;
    assert.ok(pair);
    return imageFaults(pair, active, seen.views, names).map(({ kind }) => kind);
};

describe("what is wrong with an image", () => {
    const cases: [string, Given, string[]][] = [
        ["nothing, when it replays", {}, []],
        ["a ghost: no image at all", { primary: undefined, secondary: undefined }, ["ghost"]],
        [
            "NULL status and no mirroring",
            {
                volume: { replicationStatus: null },
                primary: undefined,
                secondary: undefined,
                views: { primary: view({}, { all: ["volume-v1"] }) },
            },
            ["unmirrored"],
        ],
        [
            "a plain volume",
            {
                volume: { replicationStatus: "disabled", typeSpec: "<is> False" },
                primary: undefined,
                secondary: undefined,
            },
            [],
        ],
        [
            "a misspelt type",
            {
                volume: { replicationStatus: "disabled", typeSpec: "<is> true" },
                primary: undefined,
                secondary: undefined,
                views: { primary: view({}, { all: ["volume-v1"] }) },
            },
            ["misspelt"],
        ],
        [
            "a full copy of a replicated type",
            {
                volume: { replicationStatus: "disabled" },
                primary: undefined,
                secondary: undefined,
                views: { primary: view({}, { all: ["volume-v1"] }) },
            },
            ["unmirrored"],
        ],
        ["two primaries, though health is OK", { secondary: writer() }, ["twoPrimaries"]],
        [
            "split-brain",
            { secondary: reader({ state: "up+error", description: "split-brain detected" }) },
            ["splitBrain"],
        ],
        [
            "split-brain of a snapshot-mode image",
            {
                primary: writer({ journal: false }),
                secondary: reader({ description: "split-brain" }),
            },
            ["snapshotMode", "splitBrain"],
        ],
        ["primary nowhere", { primary: reader() }, ["noPrimary"]],
        ["primary on the wrong side", { primary: reader(), secondary: writer() }, ["wrongPrimary"]],
        ["missing on the other side", { secondary: undefined }, ["missing"]],
        ["not replaying", { secondary: reader({ state: "up+starting_replay" }) }, ["notReplaying"]],
        ["a status that is too old", { secondary: reader({ lastUpdate: NOW - 120 }) }, ["stale"]],
        [
            "behind, by the live positions",
            { primary: writer({ positions: { "": [3, 140], peer: [3, 100] } }) },
            ["behind"],
        ],
        ["written, replayed and not flushed", UNFLUSHED, ["unflushed"]],
        [
            "written since rbd-mirror's last report",
            { ...UNFLUSHED, primary: writer({ positions: { "": [4, 1], peer: [3, 100] } }) },
            ["behind"],
        ],
        ["in error in Cinder", { volume: { status: "error" } }, ["cinderError"]],
    ];
    for (const [title, given, kinds] of cases)
        it(title, () => {
            assert.deepEqual(faultsOf(given), kinds);
        });

    it("is nobody's fault while the other site cannot be seen", () => {
        assert.deepEqual(
            faultsOf({ views: { secondary: { unseen: "no answer" } }, secondary: undefined }),
            [],
        );
    });
});

describe("lag", () => {
    it("comes live from the journal's positions, whatever was published", () => {
        const published = reader({ description: 'replaying, {"entries_behind_primary":77}' });
        assert.equal(
            lagOf(writer({ positions: { "": [3, 140], peer: [3, 100] } }), published)?.entries,
            40,
        );
        assert.equal(lagOf(writer(), published)?.entries, 0);
    });
    it("is never 0 across two tags", () => {
        assert.equal(
            lagOf(writer({ positions: { "": [4, 1], peer: [3, 100] } }), reader())?.entries,
            1,
        );
    });
    it("is settled by a flush where only rbd-mirror's word is missing", () => {
        const seen = survey(UNFLUSHED);
        assert.deepEqual(flushable(seen, "primary"), ["volume-v1"]);
        assert.deepEqual(
            blockersOf(seen, "planned").map(({ settles }) => settles),
            [true],
        );
        const { verdict, volumes } = statusOf(seen, new Map(), new Set());
        assert.equal(verdict.mayPlanned, true);
        assert.equal(volumes[0]?.protected, true);
        assert.equal(verdict.rpoSeconds, undefined);
    });
    it("waits for the flush of whoever has the image open", () => {
        const users = { ...UNFLUSHED.primary, users: ["10.0.0.9:0/1"] } as ImageView;
        const served = { servers: ["s1"] };
        for (const given of [
            { ...UNFLUSHED, primary: users },
            { ...UNFLUSHED, primary: users, volume: served },
        ]) {
            assert.deepEqual(flushable(survey(given), "primary"), []);
            assert.ok(blockersOf(survey(given), "planned").every(({ settles }) => !settles));
        }
    });
    it("is settled by a flush where its server was stopped, once nobody is seen to have it open", () => {
        const volume = { servers: ["s1"] };
        const isSettled = (primary: ImageView) => {
            const seen = survey({ ...UNFLUSHED, primary, volume });
            assert.deepEqual(flushable(seen, "primary"), ["volume-v1"]);
            return blockersOf(seen, "planned").map(({ settles, isLate }) => [settles, isLate]);
        };
        const { users, ...unasked } = UNFLUSHED.primary as ImageView;
        assert.deepEqual(isSettled({ ...unasked, users: [] }), [[true, true]]);
        assert.deepEqual(users, []);
        assert.deepEqual(isSettled(unasked), [[undefined, true]]);
    });
    it("falls back to what was published", () => {
        assert.equal(
            lagOf(
                writer({ positions: null }),
                reader({ description: 'replaying, {"entries_behind_primary":7}' }),
            )?.entries,
            7,
        );
        assert.equal(
            lagOf(writer({ positions: null }), reader({ description: "starting replay" }))?.entries,
            undefined,
        );
    });
    it("becomes seconds by the writer's own speed", () => {
        const before = survey();
        const after = survey({ primary: writer({ positions: { "": [3, 130], peer: [3, 100] } }) });
        const views = {
            ...after.views,
            primary: { ...(after.views.primary as PoolView), now: NOW + 3 },
        };
        const rates = entryRates(before, { ...after, views }, "primary");
        assert.equal(rates.get("volume-v1"), 10);
        const [pair] = after.pairs;
        assert.ok(pair);
        assert.deepEqual(lossOf(pair, "primary", after, 10), { entries: 30, seconds: 3 });
        assert.deepEqual(lossOf(pair, "primary", after), { entries: 30 });
    });
});

describe("a failback's RPO", () => {
    it("is nothing, by the volume's name", () => {
        const [pair] = survey().pairs;
        assert.ok(pair);
        assert.deepEqual(nothingLost(pair), { volume: "v1", name: "db", seconds: 0, entries: 0 });
    });
});

describe("what stands in the way", () => {
    const facts = (given: Given, move: "planned" | "forced" | "failback") =>
        blockersOf(survey(given), move).map(
            (b) => `${b.consent === undefined ? "" : `[${b.consent}] `}${b.subject} ${b.fact}`,
        );
    const cases: [string, Given, "planned" | "forced" | "failback", RegExp | undefined][] = [
        ["nothing of a planned one", {}, "planned", undefined],
        ["no service", { rows: [] }, "planned", /Cinder has no cinder-volume service/],
        [
            "there already",
            { rows: [row({ active_backend_id: "secondary", replication_status: "failed-over" })] },
            "planned",
            /is on lyon already/,
        ],
        [
            "on its primary already",
            { rows: [row({ active_backend_id: "" })] },
            "failback",
            /is on paris already/,
        ],
        [
            "somebody's failover",
            { rows: [row({ replication_status: "failing-over" })] },
            "planned",
            /is failing over now/,
        ],
        [
            "somebody's hung failover",
            { rows: [row({ replication_status: "failing-over", state: "down" })] },
            "forced",
            /^\[write-rows\]/,
        ],
        [
            "a service that is down",
            { rows: [row({ state: "down" })] },
            "planned",
            /cinder-volume is down/,
        ],
        [
            "a service that is down, forced",
            { rows: [row({ state: "down" })] },
            "forced",
            /^\[write-rows\].*Cinder refuses/,
        ],
        [
            "a failed failover",
            { rows: [row({ replication_status: "failover-error" })] },
            "planned",
            /'failover-error', must be/,
        ],
        [
            "a dead secondary",
            { views: { secondary: { unseen: "no answer" } } },
            "forced",
            /site lyon cannot be asked/,
        ],
        [
            "a dead primary, planned",
            { views: { primary: { unseen: "no answer" } } },
            "planned",
            /site paris cannot be asked/,
        ],
        [
            "a dead primary, forced",
            { views: { primary: { unseen: "no answer" } } },
            "forced",
            undefined,
        ],
        [
            "no rbd-mirror",
            { views: { secondary: view({ "volume-v1": reader() }, { daemons: { list: [] } }) } },
            "planned",
            /no rbd-mirror daemon is in/,
        ],
        [
            "a silent rbd-mirror",
            {
                views: {
                    secondary: view(
                        { "volume-v1": reader({ lastUpdate: NOW - 90 }) },
                        {
                            daemons: {
                                list: [{ id: "1", name: "m", hostname: "h", beacon: NOW - 95 }],
                            },
                        },
                    ),
                },
            },
            "planned",
            /has reported for 90 s/,
        ],
        [
            "an rbd-mirror that its mgr, just begun, has not heard yet",
            {
                views: {
                    secondary: view(
                        {},
                        {
                            daemons: {
                                list: [{ id: "1", name: "m", hostname: "h", beacon: 0 }],
                            },
                        },
                    ),
                },
            },
            "planned",
            /no rbd-mirror daemon has reported yet/,
        ],
        [
            "one-way mirroring",
            {
                views: {
                    secondary: view(
                        { "volume-v1": reader() },
                        { peers: [{ site: "paris", uuid: "peer", direction: 0 }] },
                    ),
                },
            },
            "planned",
            /one way only/,
        ],
        [
            "no peer",
            { views: { secondary: view({ "volume-v1": reader() }, { peers: [] }) } },
            "planned",
            /has no mirror peer/,
        ],
        [
            "a host that does not reach the target",
            {
                hosts: [
                    {
                        name: "cinder-a",
                        service: "cinder-a@ceph",
                        reach: { secondary: "no keyring" },
                    },
                ],
            },
            "planned",
            /does not reach lyon as Cinder's user: no keyring/,
        ],
        [
            "a host whose volume_name_template is another one",
            { hosts: [{ ...HOST, reach: {}, template: "vol-%s" }] },
            "planned",
            /^cinder-a its volume_name_template is 'vol-%s', must be 'volume-%s'$/,
        ],
        [
            "a host whose volume_name_template is another one, in a forced move",
            { hosts: [{ ...HOST, reach: { primary: "no" }, template: "vol-%s" }] },
            "forced",
            /^cinder-a its volume_name_template is 'vol-%s'/,
        ],
        [
            "a host that cannot be asked",
            { hosts: [{ name: "cinder-a", reach: {}, unseen: "ssh" }] },
            "forced",
            /^\[unseen-hosts\] cinder-a cannot be asked/,
        ],
        [
            "a volume in error that no site has a mirrored image of",
            LOST,
            "failback",
            /^\[unmarked\] v1 \(db\) its status in Cinder is 'error', replication_status failover-error$/,
        ],
        [
            "an image in error that only the old primary has",
            WHOLE,
            "failback",
            /^\[unmarked\] v1 \(db\) Cinder counts it as replicated .* there is no image volume-v1 on lyon$/,
        ],
        ["its error", WHOLE, "failback", /^\[unmarked\] v1 \(db\) its status in Cinder is 'error'/],
        [
            "one that rbd-mirror has copied to the secondary since",
            COPIED,
            "failback",
            /^\[unmarked\] v1 \(db\) primary on paris, while Cinder serves it from lyon$/,
        ],
        [
            "a copy that does not follow: it may hold what the primary has not",
            { ...COPIED, secondary: reader({ state: "up+error" }) },
            "failback",
            /^v1 \(db\) primary on paris/,
        ],
        [
            "a copy of another image",
            { ...COPIED, secondary: reader({ globalId: "h" }) },
            "failback",
            /^v1 \(db\) primary on paris/,
        ],
        [
            "a move that was cut short, whose image is primary on the primary already",
            { ...COPIED, volume: { replicationStatus: "failed-over" } },
            "failback",
            /^v1 \(db\) primary on paris/,
        ],
        [
            "an image that is on the primary alone, and not primary",
            { ...LOST, primary: reader() },
            "failback",
            /^v1 \(db\) Cinder counts it as replicated/,
        ],
        [
            "an old image on the primary of one that is on the secondary, not mirrored",
            { ...LOST, primary: writer(), views: { secondary: THERE_TOO } },
            "failback",
            /^v1 \(db\) Cinder says replication_status failover-error/,
        ],
        [
            "a plain volume that is being made on the secondary",
            {
                ...LOST,
                volume: { status: "creating", replicationStatus: "disabled" },
            },
            "failback",
            /^v1 \(db\) is being made: its status in Cinder is 'creating'$/,
        ],
        [
            "an open image",
            { primary: writer({ users: ["10.0.0.1:0/7"] }) },
            "planned",
            /^\[attached\].*1 client\(s\) have it open/,
        ],
        [
            "an attached volume",
            { volume: { servers: ["s1"], bootable: true } },
            "planned",
            /^\[attached\].*server s1 \(may boot from it\)/,
        ],
        [
            "an image that lags",
            { primary: writer({ positions: { "": [3, 140], peer: [3, 100] } }) },
            "planned",
            /40 journal entries behind/,
        ],
    ];
    for (const [title, given, move, wanted] of cases)
        it(`${move}: ${title}`, () => {
            const seen = facts(given, move);
            if (wanted === undefined) assert.deepEqual(seen, []);
            else
                assert.ok(
                    seen.some((fact) => wanted.test(fact)),
                    seen.join("\n"),
                );
        });
});

describe("consents", () => {
    it("name each loss with its number", () => {
        const plain = survey({
            volume: { replicationStatus: "disabled" },
            primary: undefined,
            secondary: undefined,
            snapshots: [{ id: "s", volumeId: "v1", status: "available" }],
        });
        assert.deepEqual(
            consentsOf(plain, "planned").map(({ name, count }) => [name, count]),
            [["unreplicated", 1]],
        );
        assert.equal(preflightOf(plain, "planned").snapshotErrors, 1);
        assert.ok(
            planLines(preflightOf(plain, "planned")).some((line) =>
                line.startsWith("needs --accept-loss unreplicated=1"),
            ),
        );
    });
    it("ask for the marking of volumes that Cinder counts as replicated", () => {
        const old = survey({
            volume: { replicationStatus: null },
            primary: undefined,
            secondary: undefined,
        });
        assert.equal(unmarked(old, "primary").length, 1);
        assert.deepEqual(
            consentsOf(old, "planned").map(({ name }) => name),
            ["unmarked", "unreplicated"],
        );
    });
    it("count lost writes and unseen hosts of a forced one", () => {
        const seen = survey({ hosts: [{ name: "cinder-a", reach: {}, unseen: "ssh" }] });
        assert.deepEqual(
            consentsOf(seen, "forced").map(({ name, count }) => [name, count]),
            [
                ["unseen-hosts", 1],
                ["lost-writes", 1],
            ],
        );
    });
    it("count what a failback throws away", () => {
        const forked = survey({
            primary: writer(),
            secondary: writer(),
            rows: [row({ active_backend_id: "secondary" })],
        });
        assert.deepEqual(
            consentsOf(forked, "failback").map(({ name, count }) => [name, count]),
            [["discarded", 1]],
        );
    });
    it("count what has no image on the target among what a forced one loses", () => {
        const dead = { primary: { unseen: "no answer" } };
        const old = { volume: { replicationStatus: null }, primary: undefined, views: dead };
        const plan = preflightOf(survey({ ...old, secondary: undefined }), "forced");
        assert.deepEqual([plan.moves, plan.errors], [[], ["v1 (db)"]]);
        const there = preflightOf(survey(old), "forced");
        assert.deepEqual([there.moves, there.errors], [["v1 (db)"], []]);
    });
    it("ask before a failback for the marking of what no site has a mirrored image of", () => {
        assert.deepEqual(
            consentsOf(survey(LOST), "failback").map(({ name, count }) => [name, count]),
            [["unmarked", 1]],
        );
    });
    it("ask for that, too, of what is whole on the primary alone, and say that it is served again", () => {
        for (const given of [WHOLE, COPIED]) {
            const [one, ...more] = consentsOf(survey(given), "failback");
            assert.deepEqual([one?.name, one?.count, more], ["unmarked", 1, []]);
            assert.match(one?.means ?? "", /whole on paris alone .* again \(v1 \(db\)\)$/);
        }
        for (const status of ["creating", "downloading"])
            assert.deepEqual(consentsOf(survey({ ...WHOLE, volume: { status } }), "failback"), []);
    });
    it("count what is in use on the secondary before a failback", () => {
        const volumeInUse = survey({
            rows: [row({ active_backend_id: "secondary" })],
        });
        for (const pair of volumeInUse.pairs) pair.volume.servers = ["web"];
        assert.deepEqual(
            consentsOf(volumeInUse, "failback").map(({ name, count }) => [name, count]),
            [["attached", 1]],
        );
    });
    it("do not ask for the marking of a volume that is being made", () => {
        const young = survey({
            volume: { status: "creating" },
            primary: undefined,
            secondary: undefined,
        });
        assert.deepEqual(consentsOf(young, "planned"), []);
        // The freeze lets Cinder end what it has begun.
        assert.deepEqual(
            blockersOf(young, "planned").map(({ consent, settles }) => [consent, settles]),
            [[undefined, true]],
        );
    });
    for (const status of ["downloading", "deleting", "extending", "retyping"])
        it(`wait for the end of what makes Cinder replace or remove an image: ${status}`, () => {
            for (const move of ["planned", "failback"] as const) {
                const rows = [row({ active_backend_id: move === "planned" ? "" : "secondary" })];
                const found = blockersOf(survey({ rows, volume: { status } }), move);
                assert.deepEqual(
                    found.filter(({ fact }) => fact.includes(`'${status}'`)).map((b) => b.settles),
                    [true],
                );
            }
            const idle = survey({ volume: { status: "available" } });
            assert.deepEqual(blockersOf(idle, "planned"), []);
        });
    it("have grown when there is more than was agreed to", () => {
        const two = [{ name: "attached", count: 2, means: "" }];
        const agreed = (count: number) => grown(two, new Map([["attached", count]]));
        assert.deepEqual([agreed(1), agreed(2), agreed(3)], [two, [], []]);
        assert.deepEqual(grown(two, new Map()), two);
    });
    it("take the time of the last operation", () => {
        const { duration } = preflightOf(survey(), "planned", { id: "x", seconds: 10, volumes: 6 });
        assert.equal(duration.seconds, 8);
    });
});

describe("what a failback leaves behind", () => {
    const PLAIN = { replicationStatus: "disabled", status: "available" };
    const there = { primary: undefined, secondary: undefined, rows: LOST.rows ?? [] };
    const asked = (given: Given) =>
        consentsOf(survey({ ...there, ...given }), "failback")
            .filter(({ name }) => name === "left-behind")
            .map(({ count }) => count);
    const both = { primary: THERE_TOO, secondary: THERE_TOO };
    const onSecondary = { secondary: THERE_TOO };
    const error = { ...PLAIN, status: "error", replicationStatus: "not-capable" };
    const cases: [string, Given, number[]][] = [
        ["a plain volume that was made there", { volume: PLAIN, views: onSecondary }, [1]],
        [
            "one that was retyped to plain there, whose old copy the primary has",
            { volume: PLAIN, primary: writer(), views: onSecondary },
            [1],
        ],
        [
            "one with replication_status NULL that was made there",
            { volume: { replicationStatus: null }, views: onSecondary },
            [1],
        ],
        [
            "the same once it is marked",
            { volume: { replicationStatus: "not-capable" }, views: onSecondary },
            [1],
        ],
        ["one in error with no image on the primary", { volume: error, views: onSecondary }, [1]],
        [
            "an old plain volume that was used there after a reset of its status",
            { volume: { ...error, status: "available" }, views: both },
            [1],
        ],
        ["no old plain volume", { volume: error, views: { primary: THERE_TOO } }, []],
        ["no old plain volume with something left of it there", { volume: error, views: both }, []],
        [
            "no volume of before replication that the failover put into error",
            { volume: { ...error, replicationStatus: "failover-error" }, views: both },
            [],
        ],
        ["no replicated volume", { secondary: writer(), primary: reader() }, []],
        ["no copy that follows what is whole on the primary", COPIED, []],
        [
            "nor once that is marked, though its status was reset",
            { ...COPIED, volume: { replicationStatus: "not-capable" } },
            [],
        ],
        [
            "none that is deleted",
            { volume: { ...PLAIN, status: "deleting" }, views: onSecondary },
            [],
        ],
    ];
    for (const [title, given, wanted] of cases)
        it(title, () => {
            assert.deepEqual(asked(given), wanted);
        });

    it("is in the plan by its name, and a loss", () => {
        const seen = survey({ ...there, volume: PLAIN, views: onSecondary });
        const lines = planLines(preflightOf(seen, "failback"));
        assert.ok(lines.includes("data loss: only what is consented to below"));
        assert.ok(
            lines.includes(
                "needs --accept-loss left-behind=1: 1 volume: their data is on lyon only, or newer there, and stays there: after the failback Cinder finds no image, or an older one (v1 (db))",
            ),
        );
    });
    it("is nothing that a failover asks for", () => {
        const seen = survey({ ...there, volume: PLAIN, views: onSecondary });
        for (const move of ["planned", "forced"] as const)
            assert.ok(consentsOf(seen, move).every(({ name }) => name !== "left-behind"));
    });
});

describe("the cure of a volume without an image where it is served", () => {
    const cure = (given: Given, active: "primary" | "secondary" = "secondary") => {
        const seen = survey({ ...LOST, ...given });
        const [pair] = seen.pairs;
        assert.ok(pair);
        return imageFaults(pair, active, seen.views, names)[0]?.next ?? "";
    };
    const MARK =
        "have it counted as not replicated: `--accept-loss unmarked=N` marks it so, with `failback`";
    it("costs no image: deletion is named only where neither site has one", () => {
        assert.match(cure({}), /^delete it, or have .*, with `failback`: it fails the demotion/);
        assert.equal(
            cure({ views: { primary: { unseen: "no answer" } } }),
            `keep it until paris answers, which may have its only image; then ${MARK}`,
        );
        assert.equal(
            cure({ views: { primary: THERE_TOO } }),
            `paris has its only image: ${MARK}; it is served from there again`,
        );
    });
    it("is the failback where the primary has it whole", () => {
        const again =
            "keep it: all of it is on paris; `failback` with `--accept-loss unmarked=N` leaves it as it is there, and has it served from there again";
        assert.equal(cure(WHOLE), again);
        const seen = survey(COPIED);
        const [pair] = seen.pairs;
        assert.ok(pair);
        const faults = imageFaults(pair, "secondary", seen.views, names);
        assert.equal(faults.find(({ kind }) => kind === "wrongPrimary")?.next, again);
    });
    it("is another where the primary's image is not primary, or is not the true one", () => {
        assert.match(
            cure({ primary: reader() }),
            /^paris has its only image, which is not primary: .*promote --force.*; else delete it$/,
        );
        assert.equal(
            cure({ primary: writer(), views: { secondary: THERE_TOO } }),
            `paris has another image of its name, which the failback would serve: move that away there (\`rbd mirror image disable --force\`, \`rbd rename\`); then retype it to a replicated type, or ${MARK}`,
        );
        assert.equal(
            cure({ views: { secondary: THERE_TOO } }),
            `retype it to a replicated type, or ${MARK}`,
        );
    });
    it("is a planned failover where the primary is active", () => {
        assert.match(cure({}, "primary"), /^delete it, or .*, with `failover --planned`, where /);
        assert.match(cure({ secondary: reader() }, "primary"), /^lyon has its only image: copy /);
    });
});

describe("what an image needs before a failback", () => {
    const need = (given: Given) => {
        const seen = survey({ rows: [row({ active_backend_id: "secondary" })], ...given });
        const [pair] = seen.pairs;
        assert.ok(pair);
        return needOf(pair, seen);
    };
    const side: Partial<ImageView> = { positions: { "": [3, 100], peer: [3, 100] } };
    const cases: [string, Given, string][] = [
        ["nothing when it replays", { primary: reader(), secondary: writer(side) }, "nothing"],
        [
            "demotion and resync when both are primary",
            { primary: writer(), secondary: writer() },
            "demoteAndResync",
        ],
        [
            "resync after a fork",
            {
                primary: reader({ state: "up+error", description: "split-brain detected" }),
                secondary: writer(),
            },
            "resync",
        ],
        ["time while it is gone for a resync", { primary: undefined, secondary: writer() }, "wait"],
        [
            "time while it syncs",
            { primary: reader({ state: "up+syncing" }), secondary: writer() },
            "wait",
        ],
        [
            "a decision when the active side is not primary",
            { primary: writer(), secondary: reader() },
            "decide",
        ],
        [
            "nothing when it is not replicated",
            { volume: { replicationStatus: "not-capable" } },
            "nothing",
        ],
    ];
    for (const [title, given, wanted] of cases)
        it(title, () => {
            assert.equal(need(given), wanted);
        });
});

describe("what a failback throws away", () => {
    const discards = (given: Given, agreed: string[], flagged: string[] = []) => {
        const seen = survey({ rows: [row({ active_backend_id: "secondary" })], ...given });
        const found = discardsOf(seen, new Set(agreed), new Set(flagged));
        return [found.demote.length, found.resync.length, found.unagreed.length];
    };
    const FORK = reader({ state: "up+error", description: "split-brain detected" });
    const cases: [string, Given, string[], string[], number[]][] = [
        ["nothing that replays", { primary: reader() }, ["volume-v1"], [], [0, 0, 0]],
        ["a second primary that was given up", {}, ["volume-v1"], [], [1, 1, 0]],
        ["no second primary of after the plan", {}, [], [], [0, 0, 1]],
        ["no fork of after the plan", { primary: FORK }, [], [], [0, 0, 1]],
        ["what a kill left demoted", { primary: FORK }, ["volume-v1"], [], [0, 1, 0]],
        [
            "what a kill left demoted, before rbd-mirror says that it has forked",
            { primary: reader({ state: "up+stopped" }) },
            ["volume-v1"],
            [],
            [0, 1, 0],
        ],
        [
            "nothing that is flagged, and forked until the resync begins",
            { primary: FORK },
            ["volume-v1"],
            ["volume-v1"],
            [0, 0, 0],
        ],
        ["nothing that is gone meanwhile", { primary: undefined }, ["volume-v1"], [], [0, 0, 0]],
    ];
    for (const [title, given, agreed, flagged, wanted] of cases)
        it(title, () => {
            assert.deepEqual(discards({ secondary: writer(), ...given }, agreed, flagged), wanted);
        });
});

describe("what a move that was cut short has not moved", () => {
    const there = { active_backend_id: "secondary", replication_status: "failed-over" };
    const b = { host: "cinder-b@ceph" };
    const rest = (rows: ServiceRow[], ...called: string[]) => {
        const { rows: left, pairs } = restOf(survey({ rows }), called, "secondary");
        return [left.map(({ host }) => host.slice(0, 8)).join(" "), pairs.length];
    };
    it("is all of it where the call never came", () => {
        assert.deepEqual(rest([row(), row(b)], "cinder-a@ceph"), ["cinder-a cinder-b", 1]);
    });
    it("is without the hosts that have moved or are moving, and without their volumes", () => {
        for (const state of [there, { replication_status: "failing-over" }])
            assert.deepEqual(rest([row(state), row(b)], "cinder-a@ceph"), ["cinder-b", 0]);
        assert.deepEqual(rest([row(), row({ ...b, ...there })], "cinder-b@ceph"), ["cinder-a", 1]);
    });
    it("holds a host that somebody else moves", () => {
        const rows = [row(), row({ ...b, replication_status: "failing-over" })];
        assert.deepEqual(rest(rows, "cinder-a@ceph"), ["cinder-a cinder-b", 1]);
    });
    it("names images that a restarted cinder-volume left half moved", () => {
        const half = (given: Given, ...called: string[]) =>
            halfMoved(survey(given), called, "secondary").length;
        const demoted = reader({ state: "up+unknown" });
        assert.equal(half({ primary: demoted }, "cinder-a@ceph"), 1);
        assert.equal(half({ primary: demoted, secondary: writer() }, "cinder-a@ceph"), 1);
        assert.equal(half({}, "cinder-a@ceph"), 0);
        // Not ours to mend.
        assert.equal(half({ primary: demoted }), 0);
        assert.equal(half({ primary: demoted, secondary: undefined }, "cinder-a@ceph"), 0);
    });
    it("counts a cluster as one", () => {
        const cluster = "dr@ceph";
        const rows = [row({ cluster, ...there }), row({ ...b, cluster })];
        assert.deepEqual(rest(rows, "cinder-a@ceph"), ["", 0]);
    });
});

describe("service rows", () => {
    it("belong to the section behind the last @", () => {
        assert.deepEqual(
            rowsOf([row(), row({ host: "a@b@ceph" }), row({ host: "a@ceph2" })], backend).map(
                (r) => r.host,
            ),
            ["cinder-a@ceph", "a@b@ceph"],
        );
    });
    it("belong to another site's backend where otherHosts names their host", () => {
        const hosts = ["cinder-a@ceph", "edge-1@ceph", "edge-11@ceph", "edge-1@ceph2"];
        const whose = { ...backend, otherHosts: ["edge-1", "edge"] };
        assert.deepEqual(
            hosts.filter((host) => isOf(whose, `${host}#pool`)),
            ["cinder-a@ceph", "edge-11@ceph"],
        );
        assert.deepEqual(
            hosts.filter((host) => isOther(whose, host)),
            ["edge-1@ceph"],
        );
        assert.deepEqual(
            rowsOf(
                hosts.map((host) => row({ host })),
                whose,
            ).map(({ host }) => host),
            ["cinder-a@ceph", "edge-11@ceph"],
        );
    });
    it("of one cluster need one call", () => {
        assert.deepEqual(
            leadersOf([
                row({ cluster: "dr@ceph" }),
                row({ host: "b@ceph", cluster: "dr@ceph" }),
                row({ host: "c@ceph" }),
            ]).map((r) => r.host),
            ["cinder-a@ceph", "c@ceph"],
        );
    });
    it("agree on a side, '' being the primary like null", () => {
        assert.equal(activeSideOf([row(), row({ active_backend_id: "" })], backend), "primary");
        assert.equal(
            activeSideOf([row(), row({ active_backend_id: "secondary" })], backend),
            undefined,
        );
        assert.equal(activeSideOf([row({ active_backend_id: "elsewhere" })], backend), undefined);
    });
});

describe("the verdict", () => {
    const line = (given: Given) =>
        verdictLine(statusOf(survey(given), new Map(), new Set(["volume-v1"])).verdict);
    it("says what is protected and what may be done", () => {
        assert.equal(
            line({}),
            "ceph: active on paris; protected 1 of 1 replicated volumes; RPO now at most 0.0 s; may fail over planned; may fail over forced only with --fenced",
        );
    });
    it("asks for no fence of a primary that does not answer, nor where nothing may be forced", () => {
        const dead = { views: { primary: { unseen: "no answer" } }, primary: undefined };
        assert.match(line(dead), /; may fail over forced$/);
        assert.match(line({ rows: [row({ state: "down" })] }), /may not fail over forced: /);
    });
    it("says why not", () => {
        assert.match(
            line({ rows: [row({ state: "down" })] }),
            /may not fail over planned: cinder-a@ceph its cinder-volume is down/,
        );
        const both = [row({ state: "down" }), row({ host: "cinder-b@ceph", state: "down" })];
        assert.match(line({ rows: both }), /planned: [^;]* more: `cinder-dr preflight planned`\)/);
        assert.match(line({ rows: both }), /forced: [^;]* more: `cinder-dr preflight forced`\)/);
    });
    it("believes no status of a site that does not answer", () => {
        assert.match(
            line({ views: { primary: { unseen: "no answer" } }, primary: undefined }),
            /protected 0 of 1 replicated volumes; RPO now not known/,
        );
    });
    it("says of a cluster whether the scheduler heeds it, whatever its members say", () => {
        const say = (clusters: SeenClusters) =>
            statusOf(survey(), new Map(), new Set(["volume-v1"]), clusters).findings;
        assert.deepEqual(
            say([
                { name: "dr@ceph", status: "enabled" },
                { name: "ha@ceph", status: "disabled", disabled_reason: "failed-over" },
            ]).filter(({ subject }) => subject.startsWith("cluster")),
            [
                { state: "ok", subject: "cluster dr@ceph", fact: "enabled" },
                {
                    state: "warning",
                    subject: "cluster ha@ceph",
                    fact: "disabled (failed-over)",
                    next: "no new volume is scheduled to it until `cinder --os-volume-api-version 3.7 cluster-enable ha@ceph`",
                },
            ],
        );
        assert.match(
            say({ unseen: "403 forbidden" }).find(({ state }) => state === "warning")?.fact ?? "",
            /its cluster cannot be seen, .*: 403 forbidden/,
        );
    });
    it("names mirrored images of no volume", () => {
        const stray = survey({
            views: { primary: view({ "volume-v1": writer(), "volume-gone": writer() }) },
        });
        const { findings } = statusOf(stray, new Map(), new Set(["volume-v1"]));
        assert.ok(
            findings.some(({ fact }) => fact === "1 mirrored image(s) of no volume: volume-gone"),
        );
    });
});
