import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";

import { Command } from "commander";
import { stringify } from "yaml";

import { ExitCode, type Done } from "../../cli/exitCode";
import { failbackCommand } from "../../cli/failbackCommand";
import { failoverCommand } from "../../cli/failoverCommand";
import { resumeCommand } from "../../cli/resumeCommand";
import type { Outcome } from "../../core/operation";
import { reportOf } from "../../core/report";
import { Cinder } from "../../operations/cinder";
import * as failback from "../../operations/failback";
import * as failoverForced from "../../operations/failoverForced";
import type { ForcedOptions } from "../../operations/forcedPlan";
import { Journal } from "../../operations/journal";
import { whoAmI } from "../../operations/operator";
import { listJournals, readJournal } from "../../operations/journalFolder";
import * as resyncOnly from "../../operations/resyncOnly";
import type { RunOptions } from "../../operations/run";
import { LockedError, SiteLock } from "../../operations/siteLock";
import type { StoppedServersOptions } from "../../operations/stopInTime";
import * as stoppedServers from "../../operations/stoppedServers";
import { CLOUD, own } from "../support/backendKey";
import { claimElsewhere } from "../support/claimElsewhere";
import { ownJournals } from "../support/ownJournals";
import { goodTopology } from "../support/topology";

describe("resume", () => {
    const journals = ownJournals();

    /** An operation that was done in part, or killed when it has no end. */
    function make(
        id: string,
        verb: string,
        flags: Record<string, unknown> = {},
        outcome: Outcome = "partial",
        ...steps: string[]
    ): void {
        const backend = id.split("-").find((word) => word === "fast") ?? "ceph";
        const begun = { ...own, backend, who: "ops@bastion", version: "0", flags };
        const journal = Journal.create({ ...begun, id, verb });
        for (const step of steps) journal.append({ kind: "noted", step });
        journal.end({ outcome, fact: "", left: [] });
        journal.close();
    }

    /** What `resume` with these words says; of a move, that its topology's file is missing. */
    async function said(...words: string[]): Promise<string> {
        const root = new Command().exitOverride();
        resumeCommand(root, () => undefined);
        const line = [
            "node",
            "x",
            "resume",
            ...words,
            "--topology",
            join(journals.folder, "none.yaml"),
        ];
        return root.parseAsync(line).then(
            () => "",
            (error: unknown) => (error as Error).message,
        );
    }

    it("goes on with the only move, whatever waits for its end", async () => {
        make("1-servers-stop-ceph", "servers --stop");
        make("2-failover-ceph", "failover --planned");
        make("3-drill-ceph", "drill");
        assert.match(await said(), /none\.yaml/);
        make("4-failback-ceph", "failback");
        assert.equal(
            await said(),
            "several operations were cut short: name one of 2-failover-ceph, 4-failback-ceph",
        );
    });

    it("refuses a backend that is not the operation's own", async () => {
        make("1-failover-fast", "failover --planned");
        assert.equal(
            await said("1-failover-fast", "--backend", "ceph"),
            "operation 1-failover-fast is of backend fast, and --backend says ceph",
        );
        assert.match(await said("1-failover-fast", "--backend", "fast"), /none\.yaml/);
    });

    it("goes on with the only move of the backend that is named", async () => {
        make("1-failover-ceph", "failover --planned");
        make("2-failover-fast", "failover --planned");
        make("3-drill-fast", "drill");
        const several = "several operations were cut short: name one of";
        assert.equal(await said(), `${several} 1-failover-ceph, 2-failover-fast`);
        assert.match(await said("--backend", "fast"), /none\.yaml/);
        make("2-failover-fast-2", "failover --forced");
        assert.equal(
            await said("--backend", "fast"),
            `${several} 2-failover-fast, 2-failover-fast-2`,
        );
        assert.match(await said("--backend", "ceph"), /none\.yaml/);
        assert.equal(
            await said("--backend", "slow"),
            "there is no operation of backend slow to go on with",
        );
    });

    it("does not forget a journal that cannot be read, nor stop at it", async () => {
        const file = join(journals.folder, "1-failover-ceph.jsonl");
        writeFileSync(file, "no\nJSON\n");
        assert.match(
            await said(),
            new RegExp(`^there is no operation to go on with; ${file}: line 1 is no JSON; .*away$`),
        );
        make("2-failover-ceph", "failover --planned");
        assert.match(await said(), /none\.yaml/);
        assert.match(await said("1-failover-ceph"), /1-failover-ceph\.jsonl: line 1 is no JSON; /);
    });

    it("names the command that goes on with what is no move", async () => {
        const ways = {
            "servers --stop": "`cinder-dr servers --backend ceph --start` starts its servers again",
            "servers --reattach": "`cinder-dr servers --backend ceph --reattach` goes on with it",
            drill: "`cinder-dr drill --backend ceph` removes what it left, and drills anew",
        };
        const all = Object.entries(ways).map(([verb, way], at) => {
            const id = `${String(at)}-ceph`;
            make(id, verb);
            return `operation ${id} is a \`${verb}\`, which resume does not go on with: ${way}`;
        });
        for (const [at, sentence] of all.entries())
            assert.equal(await said(`${String(at)}-ceph`), sentence);
        assert.equal(await said(), ["there is no operation to go on with", ...all].join("; "));
    });

    it("puts no rows back once what they lead to is being thrown away, named or not", async () => {
        make("1-failover-ceph", "failover --forced");
        make("2-failback-ceph", "failback --resync-only", {}, "done", "discarding");
        const refused =
            "operation 2-failback-ceph has begun to throw away what only the primary has: the rows of 1-failover-ceph stay";
        assert.equal(await said("--undo-rows"), refused);
        assert.equal(await said("1-failover-ceph", "--undo-rows"), refused);
        assert.match(await said(), /none\.yaml/);
    });

    it("says of stopped servers what their move has come to", async () => {
        const start = "`cinder-dr servers --backend ceph --start`";
        make("1-servers-stop-ceph", "servers --stop", { before: "failback" });
        assert.match(
            await said(),
            new RegExp(
                `: \`cinder-dr failback --stop-servers --backend ceph\` with its other words goes on to the move; or ${start} starts its servers again$`,
            ),
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
        make("2-failback-ceph", "failback", {}, "done");
        assert.match(
            await said(),
            new RegExp(
                `: 2-failback-ceph has moved the volumes since: \`cinder-dr servers --backend ceph --reattach\`, then ${start}$`,
            ),
        );
    });

    describe("and its move", () => {
        const env = { ...process.env };
        const around: unknown[] = [];
        const lines: string[] = [];
        beforeEach(() => {
            writeFileSync(join(journals.folder, "topology.yaml"), stringify(goodTopology()));
            Object.assign(process.env, {
                OS_AUTH_URL: "http://127.0.0.1:9",
                OS_USERNAME: "u",
                OS_PASSWORD: "p",
                OS_PROJECT_NAME: "p",
            });
            around.length = 0;
            lines.length = 0;
            mock.method(console, "log", (line: string) => lines.push(line));
            mock.method(console, "error", () => undefined);
            mock.method(Cinder.prototype, "identity", () => Promise.resolve(CLOUD));
            const holder = { id: "x", who: "kim", verb: "drill", since: "now", silentSeconds: 0 };
            mock.method(SiteLock, "take", () => Promise.reject(new LockedError("lyon", holder)));
            mock.method(
                stoppedServers,
                "withServersStopped",
                (
                    options: RunOptions,
                    { move, verb, batch, id }: StoppedServersOptions,
                    work: (options: RunOptions) => Promise<string>,
                ) => {
                    around.push([move, verb, batch, id]);
                    return work(options);
                },
            );
        });
        afterEach(() => {
            mock.restoreAll();
            process.removeAllListeners("SIGINT");
            process.removeAllListeners("SIGTERM");
            process.env = { ...env };
        });

        const run = async (verb: (root: Command, done: Done) => Command, ...words: string[]) => {
            const root = new Command().exitOverride();
            let code: ExitCode | undefined;
            verb(root, (result) => (code = result));
            const file = join(journals.folder, "topology.yaml");
            await root.parseAsync(["node", "x", ...words, "--topology", file]);
            return code;
        };

        it("is refused while another process of this machine works on it", async () => {
            make("1-failover-ceph", "failover --planned");
            writeFileSync(join(journals.folder, "1-failover-ceph.jsonl.pid"), "1");
            assert.equal(await run(resumeCommand, "resume"), ExitCode.Problem);
            assert.equal(await run(failoverCommand, "failover", "--planned"), ExitCode.Problem);
        });

        it("is refused while another machine may work on it, unless that is known to be gone", async () => {
            make("1-failover-ceph", "failover --planned");
            claimElsewhere(journals.folder, "1-failover-ceph");
            assert.equal(await run(resumeCommand, "resume"), ExitCode.Problem);
            assert.equal(await run(failoverCommand, "failover", "--planned"), ExitCode.Problem);
            assert.equal(readJournal("1-failover-ceph").length, 2);
            await run(resumeCommand, "resume", "--break-lock", "1-failover-ceph");
            assert.equal(readJournal("1-failover-ceph")[2]?.kind, "resumed");
        });

        it("is warned once of a journal that cannot be read", async () => {
            writeFileSync(join(journals.folder, "1-failover-ceph.jsonl"), "no\nJSON\n");
            await run(failoverCommand, "failover", "--planned");
            make("2-failover-ceph", "failover --planned");
            await run(resumeCommand, "resume", "2-failover-ceph");
            const told = lines.filter((line) => line.includes("line 1 is no JSON"));
            assert.equal(told.length, 2);
            assert.match(told[0] ?? "", /^warning journal 1-failover-ceph: .*nothing goes on/);
        });

        for (const [verb, words, command] of [
            ["failover --planned", ["failover", "--planned"], failoverCommand],
            ["failback", ["failback"], failbackCommand],
        ] as const) {
            const move = words.length === 2 ? "planned" : "failback";
            it(`has --stop-servers in the journal of ${verb}, and does it around the rest too`, async () => {
                await run(command, ...words, "--stop-servers");
                const [id = ""] = listJournals();
                const { flags } = readJournal(id)[0]?.data as { flags: Record<string, unknown> };
                assert.deepEqual([flags.stopServers, flags.batch], [true, 4]);
                const killed = `20990101T000000-${words[0]}-ceph-0001`;
                make(killed, verb, flags);
                await run(resumeCommand, "resume");
                assert.deepEqual(around, [
                    [move, verb, 4, undefined],
                    [move, verb, 4, killed],
                ]);
            });
        }

        it("has in the journal what was allowed when it was begun and gone on with", async () => {
            await run(failbackCommand, "failback", "--break-lock", "x-0");
            const [begun = ""] = listJournals();
            assert.ok(
                reportOf(readJournal(begun)).consents.some(
                    ({ flag }) => flag === "--break-lock x-0",
                ),
            );
            for (const [id, verb, ...words] of [
                ["0-failover-ceph", "failover --forced", "--write-all-rows"],
                ["1-failover-ceph", "failover --forced", "--write-rows", "--rbd-mirror-stopped"],
                ["2-failover-ceph", "failover --planned", "--accept-loss unmarked=1"],
                ["3-failback-ceph", "failback", "--break-lock x-1"],
            ] as const) {
                make(id, verb, { acceptLoss: ["attached=1"] });
                await run(resumeCommand, "resume", id, ...words.join(" ").split(" "));
                assert.deepEqual(
                    reportOf(readJournal(id)).consents.map(({ flag, who }) => [flag, who]),
                    words.map((flag) => [flag, whoAmI()]),
                );
            }
        });

        it("writes all rows where that was allowed when it was begun, and where it is now", async () => {
            const seen: object[] = [];
            mock.method(failoverForced, "failoverForced", (options: ForcedOptions) => {
                const { writeRows, writeAllRows } = options;
                seen.push([writeRows, writeAllRows]);
                return Promise.resolve("");
            });
            for (const [id, flags, ...words] of [
                ["1-failover-ceph", {}],
                ["2-failover-ceph", { writeRows: true }],
                ["3-failover-ceph", { writeRows: true, writeAllRows: true }],
                ["4-failover-ceph", { writeRows: true }, "--write-all-rows"],
            ] as const) {
                make(id, "failover --forced", flags);
                await run(resumeCommand, "resume", id, ...words);
            }
            await run(failoverCommand, "failover", "--forced", "--write-all-rows");
            assert.deepEqual(seen, [
                [false, false],
                [true, false],
                [true, true],
                [true, true],
                [true, true],
            ]);
        });

        it("compares as many bytes as its begin said, or as it is told now", async () => {
            const seen: number[] = [];
            mock.method(failback, "failback", (options: failback.FailbackOptions) => {
                seen.push(options.compareBytes);
                return Promise.resolve("");
            });
            make("1-failback-ceph", "failback", { compareBytes: 7 });
            await run(resumeCommand, "resume", "1-failback-ceph");
            for (const bytes of ["0", "4096"])
                await run(resumeCommand, "resume", "1-failback-ceph", "--compare-bytes", bytes);
            assert.deepEqual(seen, [7, 0, 4096]);
            await assert.rejects(
                run(resumeCommand, "resume", "1-failback-ceph", "--compare-bytes", "none"),
                /^UsageError: --compare-bytes must be a whole number, got 'none'/,
            );
            make("1-failover-ceph", "failover --planned");
            await assert.rejects(
                run(resumeCommand, "resume", "1-failover-ceph", "--compare-bytes", "0"),
                /--compare-bytes must stand with a failback: operation 1-failover-ceph is a `failover --planned`/,
            );
        });

        it("takes the fence of the begin for an hour, and then wants the word again", async () => {
            const seen: unknown[] = [];
            mock.method(failoverForced, "failoverForced", (options: ForcedOptions) => {
                seen.push(options.fenced);
                return Promise.resolve("");
            });
            const begun = Date.now();
            make("1-failover-ceph", "failover --forced", { fenced: "ports shut" });
            for (const [minutes, ...words] of [
                [59],
                [61],
                [-61],
                [61, "--fenced", "still shut"],
            ] as const) {
                mock.method(Date, "now", () => begun + minutes * 60_000);
                await run(resumeCommand, "resume", "1-failover-ceph", ...words);
            }
            assert.deepEqual(seen, ["ports shut", undefined, undefined, "still shut"]);
        });

        it("drops the word for what was discarded once all of that was seen to follow", async () => {
            const seen: string[][] = [];
            const body = (options: resyncOnly.ResyncOnlyOptions) => {
                seen.push([...options.accepted.keys()]);
                return Promise.resolve("");
            };
            mock.method(resyncOnly, "resyncOnly", body);
            const flags = { acceptLoss: ["discarded=1", "attached=2"] };
            make("1-failback-ceph", "failback --resync-only", flags);
            await run(resumeCommand, "resume");
            make("1-failback-ceph-2", "failback --resync-only", flags, "partial", "settled");
            await run(resumeCommand, "resume", "1-failback-ceph-2");
            assert.deepEqual(seen, [["discarded", "attached"], ["attached"]]);
        });

        it("has nothing to stop servers for where nothing moves", async () => {
            await assert.rejects(
                run(failbackCommand, "failback", "--resync-only", "--stop-servers"),
                /--stop-servers must not stand beside --resync-only/,
            );
        });

        it("leaves the servers of a move without --stop-servers alone", async () => {
            make("1-failover-ceph", "failover --planned");
            await run(resumeCommand, "resume");
            assert.deepEqual(around, []);
        });
    });
});
