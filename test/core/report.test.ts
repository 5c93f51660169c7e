import assert from "node:assert/strict";

import type { JournalEntry } from "../../core/operation";
import { renderReport, reportOf } from "../../core/report";
import { consentsSaid } from "../../core/reportConsents";

/** An entry so many seconds after the command. */
const at = (seconds: number, entry: Omit<JournalEntry, "at">): JournalEntry => ({
    at: new Date(Date.UTC(2026, 10, 22, 20, 0, seconds)).toISOString(),
    ...entry,
});
const begun = (flags: Record<string, unknown> = {}): JournalEntry =>
    at(0, {
        kind: "begun",
        data: {
            id: "20261122T200000-failover-ceph-0001",
            verb: "failover --forced",
            backend: "ceph",
            who: "kim@desk",
            version: "0",
            flags,
        },
    });
const step = (end: number, name: string, seconds: number): JournalEntry[] => [
    at(end - seconds, { kind: "started", step: name }),
    at(end, { kind: "done", step: name, seconds }),
];
const phases = (end: number, ...data: [phase: string, seconds: number][]): JournalEntry =>
    at(end, {
        kind: "noted",
        step: "phases",
        data: data.map(([phase, seconds]) => ({ phase, seconds })),
    });
const ended = (seconds: number, outcome: string): JournalEntry =>
    at(seconds, { kind: "ended", data: { outcome, fact: "", left: [] } });
const resumed = (seconds: number, who: string, said = consentsSaid({})): JournalEntry =>
    at(seconds, { kind: "resumed", data: { who, said } });

const pageOf = (entries: readonly JournalEntry[]): string[] =>
    renderReport(reportOf(entries)).split("\n");
const section = (page: readonly string[], title: string): string[] => {
    const from = page.indexOf(`## ${title}`) + 1;
    const end = page.findIndex((line, n) => n > from && line.startsWith("## "));
    return page.slice(from, end).filter((line) => line.startsWith("| ") || line.startsWith("- "));
};

describe("the report of an operation that was gone on with", () => {
    const entries = [
        begun(),
        ...step(8, "stop rbd-mirror", 7),
        phases(40, ["look", 1], ["stop rbd-mirror", 7]),
        ended(40, "failed"),
        resumed(100, "lee@bastion"),
        // Killed: it has summed nothing up.
        ...step(110, "move", 9),
        at(111, { kind: "started", step: "verify" }),
        resumed(171, "kim@desk"),
        ...step(175, "verify", 2),
        ...step(178, "writable", 3),
        phases(178, ["look", 1.5], ["verify", 2], ["writable", 3]),
        ...step(190, "thaw", 4),
        ended(190, "done"),
    ];

    it("has the phases of every run, the pauses and the time from the command to the last phase", () => {
        assert.deepEqual(section(pageOf(entries), "RTO"), [
            "| phase | time |",
            "| --- | --- |",
            "| look | 1.0 s |",
            "| stop rbd-mirror | 7.0 s |",
            "| pause: cut short, until lee@bastion went on | 60.0 s |",
            "| move | 9.0 s |",
            "| pause: cut short, until kim@desk went on | 60.0 s |",
            "| look | 1.5 s |",
            "| verify | 2.0 s |",
            "| writable | 3.0 s |",
            "| sum without pauses | 23.5 s |",
            "| from the command to the end of the last phase | 178.0 s |",
        ]);
        assert.equal(reportOf(entries).rtoSeconds, 178);
    });

    it("names who went on with it", () => {
        const row = pageOf(entries).find((line) => line.startsWith("| resumed |"));
        assert.equal(
            row,
            "| resumed | 2 times: by lee@bastion at 2026-11-22T20:01:40.000Z, by kim@desk at 2026-11-22T20:02:51.000Z |",
        );
    });

    it("takes no step of a killed --stop or of after the thaw for a phase", () => {
        const stop = begun();
        Object.assign(stop.data as object, { verb: "servers --stop" });
        assert.deepEqual(reportOf([stop, ...step(3, "s1 stop", 2)]).phases, []);
        const killed = [begun(), ...step(3, "thaw", 1), ...step(9, "replication back", 6)];
        assert.deepEqual(reportOf(killed).phases, [{ phase: "thaw", seconds: 1 }]);
    });
});

describe("the report's consents", () => {
    it("are those of the plan, of the begin, and of who went on", () => {
        const words = {
            acceptLoss: ["lost-writes=2", "unreplicated=1"],
            writeRows: true,
            breakLock: "x-1",
        };
        const page = pageOf([
            begun({ breakLock: "x-0", mirrorStopped: true, evacuate: ["c1", "c2"] }),
            resumed(60, "lee@bastion", consentsSaid(words)),
            at(61, {
                kind: "consented",
                data: { flag: "--accept-loss lost-writes=2", means: "2 volumes lose writes" },
            }),
        ]);
        const later = "said by lee@bastion at 2026-11-22T20:01:00.000Z";
        assert.deepEqual(section(page, "Consents"), [
            "- `--evacuate c1`: this compute host is off: its servers are built anew elsewhere",
            "- `--evacuate c2`: this compute host is off: its servers are built anew elsewhere",
            "- `--rbd-mirror-stopped`: the operator has stopped the secondary's rbd-mirror",
            "- `--break-lock x-0`: the lock of this operation is taken over: it is known to be gone",
            `- \`--accept-loss unreplicated=1\`: the loss of this name in the plan; ${later}`,
            `- \`--write-rows\`: rows are written where Cinder refuses; ${later}`,
            `- \`--break-lock x-1\`: the lock of this operation is taken over: it is known to be gone; ${later}`,
            "- `--accept-loss lost-writes=2`: 2 volumes lose writes",
        ]);
    });
});

describe("the report of volumes with names that are Markdown", () => {
    const EVIL = "a\r\n# b\u001b[31m|`x` <!-- [c](http://d)";
    const TEXT =
        /a(?:\\u000d\\u000a| )# b\\u001b\\\[31m\\\|\\u0060x\\u0060 \\<!-- \\\[c\]\(http:\/\/d\)/;

    it("is whole, and says them in their places", () => {
        const loss = { volume: "v1", name: EVIL, entries: 3, seconds: 1 };
        const left = [`${EVIL}: look`, "# not a heading"];
        const page = pageOf([
            begun(),
            at(1, { kind: "noted", step: "losses", data: [loss] }),
            at(2, { kind: "ended", data: { outcome: "partial", fact: EVIL, left } }),
        ]);
        const [, , row = ""] = section(page, "RPO");
        assert.match(row, TEXT);
        assert.match(row, /^\| v1 \| a.* \| 1\.0 s \| 3 \|$/);
        const todo = section(page, "Left to do");
        assert.equal(todo.length, 2);
        assert.equal(todo[1], "- \\# not a heading");
        const text = page.join("\n");
        assert.equal(page.filter((line) => line.startsWith("# ")).length, 1);
        assert.doesNotMatch(text, /\r|(?<!\\)</);
        assert.ok(!text.includes("\u001b"));
    });
});
