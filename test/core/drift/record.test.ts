import assert from "node:assert/strict";

import { BY_UP, itemsOf, summarizeDrift } from "../../../core/drift/item";
import {
    NO_DRIFT,
    parseDriftRecord,
    printDriftRecord,
    renewRecord,
} from "../../../core/drift/record";

const host = itemsOf("hosts.cinder-a");
const site = itemsOf("sites.primary");
const AT = "2026-11-22T20:00:00.000Z";
const LATER = "2026-11-22T21:00:00.000Z";
const digestOf = (text: string) =>
    text.length.toString(16).padStart(8, "0") + (text.includes(LATER) ? "bbbbbbbb" : "aaaaaaaa");
const drifted = host.drifted("cinder.conf [ceph] rbd_user", "'x'", "'cinder'", BY_UP);
const byHand = site.drifted("pool volumes mirror mode", "pool", "image", "by hand");

describe("the record of drift", () => {
    it("has an entry for each part that drifted and none for the others", () => {
        const items = [drifted, host.ok("a", "b"), byHand, itemsOf("hosts.cinder-b").ok("a", "b")];
        const record = renewRecord(NO_DRIFT, items, AT, digestOf);
        const digest = record.drifted["hosts.cinder-a"]?.digest;
        assert.match(digest ?? "", /^[0-9a-f]{16}$/);
        assert.deepEqual(record.drifted, {
            "hosts.cinder-a": {
                at: AT,
                digest,
                repairs: ["cinder.conf [ceph] rbd_user"],
                byHand: [],
            },
            "sites.primary": { at: AT, repairs: [], byHand: ["pool volumes mirror mode"] },
        });
        assert.deepEqual(parseDriftRecord("f", printDriftRecord(record)), record);
    });

    it("is empty again when nothing drifted any more", () => {
        const record = renewRecord(NO_DRIFT, [drifted], AT, digestOf);
        const after = renewRecord(record, [host.ok("a", "b")], LATER, digestOf);
        assert.equal(printDriftRecord(after), '{\n    "version": 1,\n    "drifted": {}\n}\n');
    });

    it("says the same drift otherwise when it comes back, so that it is an update again", () => {
        const [first, second] = [AT, LATER].map(
            (at) =>
                renewRecord(NO_DRIFT, [drifted], at, digestOf).drifted["hosts.cinder-a"]?.digest,
        );
        assert.notEqual(first, second);
    });

    it("keeps what it knew of a part that cannot be seen, and forgets one that left", () => {
        const record = renewRecord(NO_DRIFT, [drifted, byHand], AT, digestOf);
        const after = renewRecord(record, [host.unseen("host", "no SSH")], LATER, digestOf);
        assert.deepEqual(after.drifted, {
            "hosts.cinder-a": record.drifted["hosts.cinder-a"],
        });
    });

    it("refuses what it did not write, at the place", () => {
        const refused: [text: string, message: RegExp][] = [
            ["{", /f: 1 problem\(s\)\n {2}must be JSON as `cinder-dr drift --record` writes it$/],
            ['{"version":2,"drifted":{}}', / {2}version must be as/],
            [
                '{"version":1,"drifted":{"hosts.a":{"at":"","digest":"; rm","repairs":[],"byHand":[]}}}',
                / {2}drifted\.hosts\.a\.digest must be as/,
            ],
        ];
        for (const [text, message] of refused)
            assert.throws(() => parseDriftRecord("f", text), message);
    });

    it("is counted in words", () => {
        assert.equal(
            summarizeDrift([drifted, host.ok("a", "b"), host.unseen("c", "d")]),
            "1 ok, 1 drifted, 1 cannot be seen",
        );
    });
});
