import { strict as assert } from "node:assert";

import { blockersOf } from "../../core/blockers";
import { preflightOf } from "../../core/preflight";
import { statusOf } from "../../core/status";
import type { Move, Survey } from "../../core/survey";
import { row, survey, view, volume, type Given } from "../support/survey";

/** A service of an edge site, whose section has the same name and a Ceph of its own. */
const EDGE = row({ host: "edge-1@ceph", replication_status: "disabled" });
const seen = (name: string, service = `${name}@ceph`) => ({
    name,
    service,
    reach: { primary: "no" },
});
const lost = { name: "cinder-b", reach: {}, unseen: "no answer" };
const DEAD: Given["views"] = { primary: { unseen: "no answer" } };

/** @param volumes further ones of the edge's, of which no site has an image, or one has */
function cloud(given: Given, volumes: Survey["pairs"] = []): Survey {
    const all = survey({ hosts: [seen("cinder-a")], ...given });
    return { ...all, pairs: [...all.pairs, ...volumes] };
}
const facts = (given: Survey, move: Move) =>
    blockersOf(given, move)
        .filter(({ subject }) => subject !== "v1 (db)")
        .map(({ subject, fact, consent }) => [subject, fact, consent]);
const edgeVolume = (more: Partial<ReturnType<typeof volume>> = {}) => ({
    volume: volume({ id: "v2", image: "volume-v2", host: "edge-1@ceph#ceph", ...more }),
});

describe("a service that no host of the topology runs", () => {
    const PLAIN = "is not replicated ('disabled'), and no host of the topology runs it";

    it("and that is not replicated, is in every move's way, with no word for writing its rows", () => {
        const rows = [row(), EDGE];
        assert.deepEqual(facts(cloud({ rows }), "planned"), [["edge-1@ceph", PLAIN, undefined]]);
        assert.deepEqual(facts(cloud({ rows, views: DEAD }), "forced"), [
            ["edge-1@ceph", PLAIN, undefined],
        ]);
        const down = [row(), { ...EDGE, state: "down" }];
        assert.deepEqual(facts(cloud({ rows: down, views: DEAD }), "forced"), [
            ["edge-1@ceph", PLAIN, undefined],
        ]);
        const [stop] = blockersOf(cloud({ rows }), "planned");
        assert.equal(
            stop?.next,
            "of another site or zone: name its host in backends.ceph.otherHosts, and it is left alone; of this backend: its host must be in hosts and answer, and have the replication_device",
        );
    });

    it("is of the backend where a host runs it, or another member of its cluster, or an image is its", () => {
        const status = "its replication status is 'disabled', must be enabled or failed-over";
        const own = ["edge-1@ceph", status, undefined];
        const rows = [row(), EDGE];
        const run = cloud({ rows, hosts: [seen("cinder-a"), seen("edge", "edge-1@ceph")] });
        assert.deepEqual(facts(run, "planned"), [own]);
        const members = [row({ cluster: "c@ceph" }), { ...EDGE, cluster: "c@ceph" }];
        assert.deepEqual(facts(cloud({ rows: members }), "planned"), [own]);
        const image = survey().pairs[0]?.secondary;
        assert.ok(image);
        const mirrored = cloud({ rows }, [{ ...edgeVolume(), secondary: image }]);
        assert.deepEqual(facts(mirrored, "planned").slice(0, 1), [own]);
    });

    it("and that replicates elsewhere, is in the way as well, unless its host may be one that does not answer", () => {
        const rows = [row(), row({ host: "edge-1@ceph" })];
        const none = "none of its 1 replicated volumes has a mirrored image in pool volumes";
        assert.deepEqual(facts(cloud({ rows, views: DEAD }, [edgeVolume()]), "forced"), [
            ["edge-1@ceph", `${none}, and no host of the topology runs it`, undefined],
        ]);
        const blind = cloud({ rows, views: DEAD, hosts: [seen("cinder-a"), lost] }, [edgeVolume()]);
        assert.deepEqual(facts(blind, "forced"), [
            ["cinder-b", "cannot be asked: no answer", "unseen-hosts"],
        ]);
        assert.deepEqual(facts(cloud({ rows, views: DEAD }), "forced"), [], "it can be moved");
    });

    it("and that is down without a volume, may be of a host that is gone: its row's removal is named", () => {
        const gone = row({ host: "old@ceph", state: "down" });
        const cure =
            "; it has no volume: if its host is gone for good, `cinder-manage service remove cinder-volume old@ceph`";
        const nexts = (given: Survey, move: Move) =>
            blockersOf(given, move).map(({ next }) =>
                next.includes("cinder-manage service remove"),
            );
        const [stop] = blockersOf(cloud({ rows: [row(), gone] }), "planned");
        assert.equal(stop?.next, `start it; see its log on the host${cure}`);
        assert.deepEqual(nexts(cloud({ rows: [row(), gone], views: DEAD }), "forced"), [true]);
        const full = cloud({ rows: [row({ state: "down" })], hosts: [seen("cinder-b")] });
        assert.deepEqual(nexts(full, "planned"), [false], "it has a volume");
        const run = cloud({ rows: [row(), gone], hosts: [seen("cinder-a"), seen("old")] });
        assert.deepEqual(nexts(run, "planned"), [false], "a host runs it");
        const [, found] = statusOf(cloud({ rows: [row(), gone] }), new Map(), new Set()).findings;
        assert.equal(found?.next, `see cinder-volume's log on the host${cure}`);
    });
});

describe("a service that otherHosts leaves out", () => {
    const others = [{ row: EDGE, mirrored: [] as string[] }];

    it("is named in each plan and in the status, and in no move's way", () => {
        const line = "edge-1@ceph: left alone, as backends.ceph.otherHosts says";
        const plan = preflightOf(cloud({ others }), "planned");
        assert.deepEqual([plan.warnings, plan.blockers], [[line], []]);
        const { findings } = statusOf(cloud({ others }), new Map(), new Set());
        assert.deepEqual(
            findings
                .filter(({ fact }) => fact === line)
                .map(({ state, subject }) => [state, subject]),
            [["ok", "backend ceph"]],
        );
    });

    it("is refused where a host of the topology runs it, its cluster moves, or its volumes are mirrored here", () => {
        const all = [{ row: { ...EDGE, cluster: "c@ceph" }, mirrored: ["v2", "v3"] }];
        const rows = [row({ cluster: "c@ceph" })];
        const hosts = [seen("cinder-a"), seen("edge", "edge-1@ceph")];
        const why = [
            "backends.ceph.otherHosts leaves it out, and edge of the topology runs it",
            "Cinder moves it with cinder-a@ceph, in cluster c@ceph",
            "2 of its volumes are mirrored in pool volumes, e.g. v2",
        ].join("; ");
        const given = cloud({ rows, hosts, others: all, views: { primary: view({}) } });
        assert.deepEqual(facts(given, "planned").slice(0, 1), [["edge-1@ceph", why, undefined]]);
        const { findings } = statusOf(given, new Map(), new Set());
        assert.ok(findings.some(({ state, fact }) => state === "problem" && fact === why));
    });
});
