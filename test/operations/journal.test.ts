import assert from "node:assert/strict";
import {
    appendFileSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import os, { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";

import { endedOf, isOpen, operationId, type Begun, type Outcome } from "../../core/operation";
import { renderReport, reportOf } from "../../core/report";
import { Journal } from "../../operations/journal";
import { BusyError } from "../../operations/claim";
import { isKnownOver, workerOn } from "../../operations/atWork";
import { whoAmI } from "../../operations/operator";
import {
    JournalError,
    journalFolder,
    listJournals,
    makeFolder,
    openJournalOf,
    openOperations,
    readJournal,
    unreadJournals,
} from "../../operations/journalFolder";
import { claimElsewhere } from "../support/claimElsewhere";

const begun = (id = "20261122T201503-failover-ceph-7f2a"): Begun => ({
    id,
    verb: "failover --planned",
    backend: "ceph",
    who: "ops@bastion",
    version: "0.1.0",
    flags: {},
});

describe("the folder of the journals", () => {
    it("is made with those above it, for its owner alone", () => {
        const above = mkdtempSync(join(tmpdir(), "cinder-dr-journal-"));
        const folder = join(above, "state/cinder-dr");
        makeFolder(folder);
        makeFolder(folder);
        assert.equal(statSync(join(above, "state")).mode & 0o777, 0o700);
        assert.equal(statSync(folder).mode & 0o777, 0o700);
        rmSync(above, { recursive: true });
    });

    it("is where the variables say; one that is empty says nothing", () => {
        const set = { CINDER_DR_JOURNALS: "/j", XDG_STATE_HOME: "/x" };
        assert.equal(journalFolder(set), "/j");
        assert.equal(journalFolder({ ...set, CINDER_DR_JOURNALS: "" }), "/x/cinder-dr");
        const home = join(os.homedir(), ".local/state/cinder-dr");
        assert.equal(journalFolder({ XDG_STATE_HOME: "" }), home);
    });

    it("is an error where it cannot be made, at once", () => {
        assert.throws(() => {
            makeFolder("/proc/none/cinder-dr");
        }, new JournalError("/proc/none cannot be made (ENOENT)"));
    });
});

describe("an operation's journal", () => {
    let folder = "";
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "cinder-dr-journal-"));
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    it("is also of a user whom the machine does not know by name", () => {
        mock.method(os, "userInfo", () => {
            throw new Error("uv_os_get_passwd returned ENOENT");
        });
        try {
            assert.equal(whoAmI(), `uid-${String(process.geteuid?.())}@${hostname()}`);
        } finally {
            mock.restoreAll();
        }
        assert.equal(whoAmI(), `${os.userInfo().username}@${hostname()}`);
    });

    it("is named for when, what and which backend", () => {
        assert.equal(
            operationId(new Date("2026-11-22T20:15:03.999Z"), "failover --planned", "ceph", "7f2a"),
            begun().id,
        );
    });

    it("is readable by its owner alone", () => {
        const journal = Journal.create(begun(), folder);
        assert.equal(statSync(join(folder, `${journal.id}.jsonl`)).mode & 0o777, 0o600);
        journal.close();
    });

    it("does a step that is done only once, also after a kill", async () => {
        const journal = Journal.create(begun(), folder);
        let calls = 0;
        const work = () => Promise.resolve({ calls: ++calls });
        assert.deepEqual(await journal.step("freeze", work), { calls: 1 });
        assert.deepEqual(await journal.step("freeze", work), { calls: 1 });
        journal.close();
        const again = Journal.resume(journal.id, folder);
        assert.deepEqual(await again.step("freeze", work), { calls: 1 });
        assert.deepEqual(await again.always("look", work), { calls: 2 });
        again.close();
    });

    it("does a step again that was started and not finished", async () => {
        const journal = Journal.create(begun(), folder);
        await assert.rejects(journal.step("freeze", () => Promise.reject(new Error("no answer"))));
        journal.close();
        const again = Journal.resume(journal.id, folder);
        assert.equal(await again.step("freeze", () => Promise.resolve("frozen")), "frozen");
        again.close();
    });

    it("survives a last line that was cut short", async () => {
        const journal = Journal.create(begun(), folder);
        journal.close();
        const file = join(folder, `${journal.id}.jsonl`);
        appendFileSync(file, '{"at":"2026-11-22T20:15:04.0');
        const again = Journal.resume(journal.id, folder);
        await again.step("freeze", () => Promise.resolve(1));
        again.close();
        assert.deepEqual(
            readJournal(journal.id, folder).map((entry) => entry.kind),
            ["begun", "resumed", "started", "done"],
        );
    });

    it("refuses a journal that is broken in the middle", () => {
        const journal = Journal.create(begun(), folder);
        appendFileSync(join(folder, `${journal.id}.jsonl`), "no JSON\n");
        journal.append({ kind: "noted" });
        journal.close();
        assert.throws(() => readJournal(journal.id, folder), {
            message: `${join(folder, `${journal.id}.jsonl`)}: line 2 is no JSON; look at \`cinder-dr status\` for what its operation has left (hosts frozen, rbd-mirror stopped), mend that by hand, and move the file away`,
        });
    });

    it("refuses a second process, and takes over from a dead one", () => {
        const journal = Journal.create(begun(), folder);
        const file = join(folder, `${journal.id}.jsonl.pid`);
        writeFileSync(file, "1");
        const busy = (who: string) => (error: unknown) =>
            error instanceof BusyError &&
            new RegExp(
                `^${who} runs \`failover --planned\` since 20\\S+Z \\(operation ${journal.id}\\) \\(process 1 on this machine, by ${file}\\)$`,
            ).test(error.message);
        assert.throws(() => Journal.resume(journal.id, folder), busy("ops@bastion"));
        writeFileSync(file, "4194304000");
        const again = Journal.resume(journal.id, folder);
        writeFileSync(file, "1");
        assert.throws(() => Journal.resume(journal.id, folder), busy(whoAmI()));
        again.close();
        journal.close();
    });

    it("says which process of which machine works on it", () => {
        const journal = Journal.create(begun(), folder);
        const text = readFileSync(join(folder, `${journal.id}.jsonl.pid`), "utf8");
        const { pid, start, place } = JSON.parse(text) as Record<string, unknown>;
        const stat = readFileSync(`/proc/${String(process.pid)}/stat`, "utf8").split(") ")[1] ?? "";
        assert.deepEqual([pid, start], [process.pid, stat.split(" ")[19]]);
        const { host, boot, pids } = place as Record<string, string>;
        assert.equal(host, hostname());
        assert.equal(boot, readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
        assert.match(pids ?? "", /^pid:\[\d+\]$/);
        journal.close();
        assert.deepEqual(readdirSync(folder), [`${journal.id}.jsonl`]);
    });

    it("is taken over from another machine by the word alone that it is gone there", () => {
        const journal = Journal.create(begun(), folder);
        const { id } = journal;
        journal.close();
        const file = claimElsewhere(folder, id);
        const busy = new RegExp(
            `^ops@bastion runs \`failover --planned\` since 20\\S+Z \\(operation ${id}\\) \\(process 7 on machine desk, by ${file}\\); nobody can see from here whether it lives: when that is known to be gone, --break-lock ${id} goes on here$`,
        );
        for (const word of [undefined, `${id}-not`])
            assert.throws(
                () => Journal.resume(id, folder, [], word),
                (error) => error instanceof BusyError && busy.test(error.message),
            );
        const again = Journal.resume(id, folder, [], id);
        assert.equal(workerOn(id, folder)?.isHere, true);
        // It was not gone, and has taken it back.
        claimElsewhere(folder, id);
        again.close();
        assert.equal(workerOn(id, folder)?.isHere, false);
    });

    it("is not taken from a living process of this machine by that word", () => {
        const journal = Journal.create(begun(), folder);
        writeFileSync(join(folder, `${journal.id}.jsonl.pid`), "1");
        assert.throws(() => Journal.resume(journal.id, folder, [], journal.id), BusyError);
        journal.close();
    });

    it("is not over while another machine may work on it, nor when it cannot be read", () => {
        const journal = Journal.create(begun(), folder);
        journal.end({ outcome: "done", fact: "", left: [] });
        const { id } = journal;
        journal.close();
        assert.ok(isKnownOver(id, folder));
        const file = claimElsewhere(folder, id);
        assert.ok(!isKnownOver(id, folder));
        rmSync(file);
        writeFileSync(join(folder, `${id}.jsonl`), "no\nJSON\n");
        assert.ok(!isKnownOver(id, folder));
    });

    it("knows a killed move to be over once a later one is done", () => {
        const { id } = begun();
        Journal.create(begun(), folder).close();
        assert.ok(!isKnownOver(id, folder));
        for (const outcome of ["refused", "done"] as const) {
            const later = Journal.create(
                { ...begun(`${id}-${outcome}`), verb: "failover --forced" },
                folder,
            );
            later.end({ outcome, fact: "", left: [] });
            later.close();
            assert.equal(isKnownOver(id, folder), outcome === "done");
        }
    });

    it("finds the newest operation that can go on", () => {
        for (const day of [1, 2, 3]) {
            const journal = Journal.create(
                begun(`2026112${String(day)}T201503-failover-ceph`),
                folder,
            );
            // Refused: it changed nothing, so that the one before it can still go on.
            if (day === 3) journal.end({ outcome: "refused", fact: "", left: [] });
            journal.close();
        }
        assert.equal(listJournals(folder).length, 3);
        assert.equal(
            openJournalOf("failover --planned", { backend: "ceph" }, folder),
            "20261122T201503-failover-ceph",
        );
        assert.equal(openJournalOf("failover --forced", { backend: "ceph" }, folder), undefined);
        assert.equal(openJournalOf("failover --planned", { backend: "other" }, folder), undefined);
    });

    it("goes on with no move that a later one has overtaken", async () => {
        const make = async (id: string, verb: string, outcome: Outcome) => {
            const journal = Journal.create({ ...begun(id), verb }, folder);
            journal.end({ outcome, fact: "", left: [] });
            journal.close();
            await new Promise((resolve) => setTimeout(resolve, 5));
        };
        const open = () => openOperations(folder).map(({ id }) => id);
        await make("1-failover-ceph", "failover --forced", "partial");
        await make("2-servers-ceph", "servers --reattach", "partial");
        await make("3-failback-ceph", "failback", "refused");
        assert.deepEqual(open(), ["1-failover-ceph", "2-servers-ceph"]);
        await make("4-failback-ceph", "failback", "done");
        assert.deepEqual(open(), ["2-servers-ceph"]);
        assert.equal(openJournalOf("failover --forced", { backend: "ceph" }, folder), undefined);
        await make("5-failover-ceph", "failover --forced", "failed");
        assert.equal(
            openJournalOf("failover --forced", { backend: "ceph" }, folder),
            "5-failover-ceph",
        );
    });

    it("is found as the newest by when it was made, not by its name's time", () => {
        // The clock was set back between the first and the second.
        const ids = ["20261122T201503-failover-ceph", "20261122T195503-failover-ceph"];
        const made = ids.map((id) => {
            const journal = Journal.create(begun(id), folder);
            journal.close();
            return journal;
        });
        assert.deepEqual(
            made.map((journal) => journal.begun.order),
            [1, 2],
        );
        assert.equal(openJournalOf("failover --planned", { backend: "ceph" }, folder), ids[1]);
    });

    describe("among others that cannot be read", () => {
        const make = (id: string, outcome?: Outcome): string => {
            const journal = Journal.create(begun(id), folder);
            if (outcome !== undefined) journal.end({ outcome, fact: "", left: [] });
            journal.close();
            return join(folder, `${id}.jsonl`);
        };
        const broken = (id: string, outcome?: Outcome): string => {
            const file = make(id, outcome);
            const [first = "", ...more] = readFileSync(file, "utf8").split("\n");
            writeFileSync(file, [first, "no JSON", '{"at":"","kind":"noted"}', ...more].join("\n"));
            return file;
        };
        const cure =
            "look at `cinder-dr status` for what its operation has left (hosts frozen, rbd-mirror stopped), mend that by hand, and move the file away";

        it("is found, and they are left out", () => {
            broken("1-failover-ceph");
            make("2-failover-ceph");
            broken("3-failover-ceph");
            writeFileSync(join(folder, "4-failover-ceph.jsonl"), '{"at":"","kind":"noted"}\n');
            assert.equal(
                openJournalOf("failover --planned", { backend: "ceph" }, folder),
                "2-failover-ceph",
            );
            assert.deepEqual(
                openOperations(folder).map(({ id }) => id),
                ["2-failover-ceph"],
            );
            make("5-failover-ceph");
            // The place of the third counts, though it is broken further below.
            assert.equal((readJournal("5-failover-ceph", folder)[0]?.data as Begun).order, 4);
        });

        it("has them told, with what their operations may be", () => {
            const files = [
                broken("1-failover-ceph"),
                broken("2-failover-ceph", "done"),
                join(folder, "3-failover-ceph.jsonl"),
                join(folder, "4-failover-ceph.jsonl"),
            ];
            const [, , other = "", folded = ""] = files;
            writeFileSync(other, '{"at":"","kind":"noted"}\n');
            mkdirSync(folded);
            make("5-failover-ceph");
            const facts = [
                `${files[0] ?? ""}: line 2 is no JSON; it is left out with all that it has saved; its \`failover --planned\` of ceph may have been cut short, and nothing goes on with it`,
                `${files[1] ?? ""}: line 2 is no JSON; it is left out with all that it has saved; its \`failover --planned\` of ceph is done`,
                `${other} does not start with kind 'begun'; it is left out with all that it has saved; its operation may have been cut short, and nothing goes on with it`,
                `${folded} cannot be read (EISDIR); it is left out with all that it has saved; its operation may have been cut short, and nothing goes on with it`,
            ];
            const readable = "make it readable for who runs this, or move it away";
            assert.deepEqual(
                unreadJournals(folder),
                facts.map((fact, at) => ({
                    state: "warning",
                    subject: `journal ${String(at + 1)}-failover-ceph`,
                    fact,
                    next: at === 3 ? readable : cure,
                })),
            );
        });
    });

    it("names a journal that is not there", () => {
        for (const id of ["nosuch", "../../etc/passwd"])
            assert.throws(
                () => readJournal(id, folder),
                (e) => e instanceof JournalError && e.message.includes(id),
            );
    });

    it("is over only when it says so", () => {
        const journal = Journal.create(begun(), folder);
        assert.ok(isOpen(journal.entries));
        journal.end({ outcome: "failed", fact: "no answer", left: [] });
        assert.ok(isOpen(journal.entries));
        journal.append({ kind: "resumed" });
        assert.equal(endedOf(journal.entries), undefined);
        journal.end({ outcome: "done", fact: "all there", left: [] });
        assert.ok(!isOpen(journal.entries));
        journal.close();
    });

    it("becomes a report: who, consents, steps with times, RTO, RPO and what is left", async () => {
        const journal = Journal.create(begun(), folder);
        journal.append({ kind: "planned", data: { lines: ["12 volumes move to lyon"] } });
        journal.append({
            kind: "consented",
            data: { flag: "--accept-loss unreplicated=1", means: "1 volume goes to error" },
        });
        await journal.step("freeze", () => Promise.resolve(null));
        await assert.rejects(journal.step("fail over", () => Promise.reject(new Error("a|b"))));
        journal.append({ kind: "started", step: "thaw" });
        journal.append({
            kind: "noted",
            step: "phases",
            data: [
                { phase: "gate", seconds: 1.5 },
                { phase: "move", seconds: 6 },
            ],
        });
        journal.append({
            kind: "noted",
            step: "losses",
            data: [
                { volume: "v1", name: "db", seconds: 0, entries: 0 },
                { volume: "v2", name: "x" },
                { volume: "v3", name: "y", entries: 7 },
                { volume: "v4", name: "z", unproven: 4.5, entries: 0 },
            ],
        });
        journal.end({ outcome: "partial", fact: "1 volume is in error", left: ["look at v1"] });
        journal.close();
        const report = reportOf(readJournal(journal.id, folder));
        assert.deepEqual(
            report.steps.map(({ step, outcome }) => [step, outcome]),
            [
                ["freeze", "done"],
                ["fail over", "failed"],
                ["thaw", "cut short"],
            ],
        );
        const page = renderReport(report);
        for (const line of [
            "# failover --planned of ceph: partial",
            "| who | ops@bastion |",
            "- 12 volumes move to lyon",
            "- `--accept-loss unreplicated=1`: 1 volume goes to error",
            "| sum | 7.5 s |",
            "| v1 | db | 0.0 s | 0 |",
            "| v2 | x | not seen | not seen |",
            "| v3 | y | not known | 7 |",
            "| v4 | z | 4.5 s if the whole site was dead | 0 |",
            "- look at v1",
        ])
            assert.ok(page.split("\n").includes(line), `${line}\n\n${page}`);
        assert.match(page, /failed: a\\\|b/);
    });

    it("keeps every entry on its own line", () => {
        const journal = Journal.create(begun(), folder);
        journal.append({ kind: "noted", step: "x", data: "two\nlines" });
        journal.close();
        assert.equal(
            readFileSync(join(folder, `${journal.id}.jsonl`), "utf8")
                .trim()
                .split("\n").length,
            2,
        );
    });
});
