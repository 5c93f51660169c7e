import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";

import { Command } from "commander";
import { stringify } from "yaml";

import { completeAll, completing } from "../../cli/completing";
import { ExitCode, type Done } from "../../cli/exitCode";
import { main } from "../../cli/main";
import type { Finding } from "../../core/finding";
import { BY_UP } from "../../core/drift/item";
import type { Source } from "../../core/operation";
import type { BackendStatus } from "../../core/status";
import * as drift from "../../operations/drift";
import * as drillSession from "../../operations/drillSession";
import * as failoverForced from "../../operations/failoverForced";
import { Journal } from "../../operations/journal";
import { PartialError } from "../../operations/operationEnd";
import * as preflight from "../../operations/preflight";
import type { RunOptions } from "../../operations/run";
import * as serversPower from "../../operations/serversPower";
import * as serversSession from "../../operations/serversSession";
import * as status from "../../operations/status";
import { ownJournals } from "../support/ownJournals";
import { goodTopology, uuid, withValue } from "../support/topology";

describe("a command in a text", () => {
    const run = { stack: "mycloud", backend: "ceph" };
    for (const [what, words, text, completed] of [
        [
            "gets the source and the backend that it needs",
            run,
            "then `cinder-dr failback`; or `cinder-dr failback --resync-only`, see there",
            "then `cinder-dr failback --stack mycloud --backend ceph`; or `cinder-dr failback --resync-only --stack mycloud --backend ceph`, see there",
        ],
        [
            "gets no backend where there is one, or where all are meant",
            { stack: "mycloud" },
            "`cinder-dr preflight planned`",
            "`cinder-dr preflight planned --stack mycloud`",
        ],
        [
            "that asks for no backend gets none",
            run,
            "`cinder-dr status --volumes`, `cinder-dr drift --record`",
            "`cinder-dr status --volumes --stack mycloud`, `cinder-dr drift --record --stack mycloud`",
        ],
        [
            "keeps what it says already",
            run,
            "`cinder-dr failback --backend fast`, `cinder-dr failover --forced --topology t.yaml`",
            "`cinder-dr failback --backend fast --stack mycloud`, `cinder-dr failover --forced --topology t.yaml --backend ceph`",
        ],
        [
            "is quoted where a shell needs it",
            { topology: "the cloud's.yaml" },
            "`cinder-dr status`",
            "`cinder-dr status --topology 'the cloud'\\''s.yaml'`",
        ],
        [
            "that needs nothing, is no command or stands in no back-ticks is left alone",
            run,
            "`cinder-dr report x`, `cinder-dr resume x`, `failback`, cinder-dr status, `cinder-dr`",
            "`cinder-dr report x`, `cinder-dr resume x`, `failback`, cinder-dr status, `cinder-dr`",
        ],
        [
            "to go on with another source than the journal's has that, for this operation alone",
            { topology: "copy.yaml", resumed: "1-a" },
            "`cinder-dr resume`, `cinder-dr resume 1-a --write-rows`, `cinder-dr resume 2-b`",
            "`cinder-dr resume --topology copy.yaml`, `cinder-dr resume 1-a --write-rows --topology copy.yaml`, `cinder-dr resume 2-b`",
        ],
        ["of no known source is left alone", {}, "`cinder-dr failback`", "`cinder-dr failback`"],
    ] as const)
        it(what, () => {
            const complete = completing(words);
            assert.equal(complete(text), completed);
            assert.equal(complete(completed), completed);
        });

    it("is completed wherever it stands in a plain value", () => {
        const value = { n: 1, none: null, list: ["`cinder-dr status`", { yes: true }] };
        assert.deepEqual(completeAll(value, completing(run)), {
            ...value,
            list: ["`cinder-dr status --stack mycloud`", { yes: true }],
        });
    });

    it("gets what its verb asks for, of every verb", () => {
        const folder = join(__dirname, "../../cli");
        const names = readdirSync(folder).filter((name) => name.endsWith("Command.ts"));
        assert.ok(names.length > 10);
        for (const name of names) {
            const made = name.replace(".ts", "");
            // eslint-disable-next-line @typescript-eslint/no-require-imports -- as cli/main.ts does
            const module = require(join(folder, name)) as Record<
                string,
                (root: Command, done: Done) => Command
            >;
            const verb = module[made]?.(new Command(), () => undefined);
            assert.ok(verb);
            const has = (long: string, words: RegExp) =>
                verb.options.some((one) => one.long === long && words.test(one.description));
            // Its journal says both.
            const isResume = verb.name() === "resume";
            const completed = completing(run)(`\`cinder-dr ${verb.name()}\``);
            const [source, backend] = [/ --stack mycloud/, / --backend ceph/].map((words) =>
                words.test(completed),
            );
            assert.equal(source, has("--topology", /./) && !isResume, completed);
            assert.equal(backend, has("--backend", /needed when/) && !isResume, completed);
        }
    });
});

describe("a command that is printed", () => {
    const journals = ownJournals();
    const env = { ...process.env };
    let [one, two] = ["", ""];
    const LEFT = "keep its clients away, then `cinder-dr failback`";

    beforeEach(() => {
        [one, two] = [join(journals.folder, "one.yaml"), join(journals.folder, "two.yaml")];
        writeFileSync(one, stringify(goodTopology()));
        const { ceph } = goodTopology().backends as { ceph: object };
        const fast = { ...ceph, pool: "fast", secretUuid: uuid(3) };
        writeFileSync(two, stringify(withValue("backends/fast", fast)));
        Object.assign(process.env, {
            OS_AUTH_URL: "http://127.0.0.1:9",
            OS_USERNAME: "u",
            OS_PASSWORD: "p",
            OS_PROJECT_NAME: "p",
        });
    });
    afterEach(() => {
        mock.restoreAll();
        for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
        process.env = { ...env };
    });

    async function run(...words: string[]) {
        let [out, err] = ["", ""];
        mock.method(console, "log", (text: string) => (out += `${text}\n`));
        mock.method(console, "error", (text: string) => (err += `${text}\n`));
        return { code: await main(["node", "cinder-dr", ...words]), out, err };
    }
    const endsInPart = () =>
        mock.method(failoverForced, "failoverForced", ({ found, source }: RunOptions) => {
            found({ state: "warning", subject: "left to do", fact: LEFT });
            found({ state: "problem", subject: "x", fact: "y", next: "`cinder-dr status`" });
            assert.ok(source);
            return Promise.reject(new PartialError(`interrupted: ${LEFT}`, []));
        });

    it("by a move names its source", async () => {
        endsInPart();
        const { code, out, err } = await run("failover", "--forced", "--topology", one);
        assert.equal(code, ExitCode.Partial);
        const whole = `keep its clients away, then \`cinder-dr failback --topology ${one}\`\n`;
        assert.ok(out.includes(`warning left to do: ${whole}`), out);
        assert.ok(out.includes(`next: \`cinder-dr status --topology ${one}\`\n`), out);
        assert.equal(err, `cinder-dr: interrupted: ${whole}`);
    });

    it("by a move of one of several backends names that as well, in JSON too", async () => {
        endsInPart();
        const words = ["failover", "--forced", "--topology", two, "--backend", "fast", "--json"];
        const { out } = await run(...words);
        const { findings, error } = JSON.parse(out) as { findings: Finding[]; error: string };
        const whole = `keep its clients away, then \`cinder-dr failback --topology ${two} --backend fast\``;
        assert.equal(findings[0]?.fact, whole);
        assert.equal(findings[1]?.next, `\`cinder-dr status --topology ${two}\``);
        assert.equal(error, `interrupted: ${whole}`);
    });

    it("by resume has the journal's source, or the one that is named instead", async () => {
        const id = "1-failover-two";
        mock.method(failoverForced, "failoverForced", ({ found }: RunOptions) => {
            const fact = `\`cinder-dr resume ${id}\`, \`cinder-dr failback\``;
            found({ state: "ok", subject: "x", fact });
            return Promise.resolve(id);
        });
        const flags = { topology: two };
        const begun = { backend: "fast", who: "ops@bastion", version: "0", flags };
        Journal.create({ ...begun, id, verb: "failover --forced" }).close();
        const by = (file: string) => `\`cinder-dr failback --topology ${file} --backend fast\``;
        assert.ok((await run("resume")).out.includes(`: \`cinder-dr resume ${id}\`, ${by(two)}\n`));
        const same = await run("resume", "--topology", two);
        assert.ok(same.out.includes(`: \`cinder-dr resume ${id}\`, ${by(two)}\n`), same.out);
        const copy = `${two}.copy`;
        writeFileSync(copy, readFileSync(two));
        const { out } = await run("resume", "--topology", copy);
        assert.ok(
            out.includes(`\`cinder-dr resume ${id} --topology ${copy}\`, ${by(copy)}\n`),
            out,
        );
    });

    it("by resume for what is no move has the source of that journal", async () => {
        const begun = { backend: "ceph", who: "ops@bastion", version: "0" };
        const flags = { stack: "mycloud", before: "failback" };
        Journal.create({ ...begun, id: "1-stop", verb: "servers --stop", flags }).close();
        for (const words of [[], ["1-stop"]])
            assert.match(
                (await run("resume", ...words)).err,
                /`cinder-dr failback --stop-servers --stack mycloud --backend ceph` with its other words goes on to the move; or `cinder-dr servers --backend ceph --start --stack mycloud` starts/,
            );
    });

    it("by resume finds that source, since servers and drill hand it to their journals", async () => {
        const seen: (Source | undefined)[] = [];
        const work = ({ source }: { source?: Source }) => {
            seen.push(source);
            return Promise.reject(new Error("enough"));
        };
        mock.method(serversPower, "stopServers", work);
        mock.method(serversSession, "reattach", work);
        mock.method(drillSession, "drillSession", work);
        for (const words of [["servers", "--stop"], ["servers", "--reattach"], ["drill"]])
            await run(...words, "--topology", one);
        assert.deepEqual(seen, [{ topology: one }, { topology: one }, { topology: one }]);
    });

    it("by report has the source and the backend of the journal", async () => {
        const flags = { stack: "mycloud" };
        const begun = { backend: "ceph", who: "ops@bastion", version: "0", flags };
        const journal = Journal.create({ ...begun, id: "1-a", verb: "failover --forced" });
        journal.end({ outcome: "done", fact: "", left: [LEFT] });
        journal.close();
        const whole = LEFT.replace("failback", "failback --stack mycloud --backend ceph");
        const page = await run("report", "1-a");
        assert.ok(page.out.includes(`- ${whole}\n`), page.out);
        const { report } = JSON.parse((await run("report", "1-a", "--json")).out) as {
            report: { left: string[] };
        };
        assert.deepEqual(report.left, [whole]);
        const { operations } = JSON.parse((await run("report", "--json")).out) as {
            operations: { left: string[] }[];
        };
        assert.deepEqual(operations[0]?.left, [whole]);
    });

    it("by status names the backend that it is about", async () => {
        mock.method(status, "status", (_parts: unknown, backends: { section: string }[]) =>
            Promise.resolve(
                backends.map(({ section }) => ({
                    verdict: { backend: section, why: {} },
                    findings: [
                        {
                            state: "warning",
                            subject: section,
                            fact: "",
                            next: "`cinder-dr failback`",
                        },
                    ],
                    volumes: [],
                })) as unknown as BackendStatus[],
            ),
        );
        const { out } = await run("status", "--topology", two);
        for (const section of ["ceph", "fast"])
            assert.match(
                out,
                new RegExp(
                    `warning ${section}: \\n +next: .cinder-dr failback --topology \\S+ --backend ${section}.\\n`,
                ),
            );
    });

    it("by preflight names source and backend", async () => {
        const next = "`cinder-dr failback`";
        const blockers = [{ subject: "x", fact: "y", next }];
        const plan = { moves: [], blockers, consents: [] };
        mock.method(preflight, "preflight", () => Promise.resolve(plan));
        const words = ["preflight", "planned", "--topology", two, "--backend", "fast", "--json"];
        const { out } = await run(...words);
        const { plan: shown } = JSON.parse(out) as { plan: typeof plan };
        assert.equal(
            shown.blockers[0]?.next,
            `\`cinder-dr failback --topology ${two} --backend fast\``,
        );
    });

    it("by drift names the source, and the record tells still what `pulumi up` repairs", async () => {
        mock.method(drift, "drift", ({ found }: Parameters<typeof drift.drift>[0]) => {
            const item = { part: "hosts.a", subject: "rbd_user", found: "x", wanted: "y" };
            found([{ ...item, state: "drifted", next: BY_UP }]);
            return Promise.resolve();
        });
        const record = join(journals.folder, "drift.json");
        const next = (file: string) =>
            `\`cinder-dr drift --record ${file} --topology ${one}\`, then \`pulumi up\``;
        const { out } = await run("drift", "--topology", one, "--record", record);
        assert.ok(out.includes(`next: ${next(record)}\n`), out);
        const { drifted } = JSON.parse(readFileSync(record, "utf8")) as {
            drifted: Record<string, { repairs: string[] }>;
        };
        assert.deepEqual(drifted["hosts.a"]?.repairs, ["rbd_user"]);
        const { items } = JSON.parse((await run("drift", "--topology", one, "--json")).out) as {
            items: { next: string }[];
        };
        assert.equal(items[0]?.next, next("cinder-dr.drift.STACK.json"));
    });

    it("in an error that ends the command has the command's own words", async () => {
        writeFileSync(join(journals.folder, "1-a.jsonl"), "no\nJSON\n");
        const { out, err } = await run("resume", "--stack", "mycloud", "--json");
        assert.match(err, /look at `cinder-dr status --stack mycloud` for what/);
        assert.match(out, /look at `cinder-dr status --stack mycloud` for what/);
    });
});
