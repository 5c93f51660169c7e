import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";

import { stringify } from "yaml";

import { ExitCode } from "../../cli/exitCode";
import { main } from "../../cli/main";
import { formatFinding, Progress } from "../../cli/print";
import { isSound, summarize, type Finding } from "../../core/finding";
import { Journal } from "../../operations/journal";
import { goodTopology, withValue } from "../support/topology";

const OK: Finding = { state: "ok", subject: "replicated", fact: "it is there", seconds: 1.26 };
const PROBLEM: Finding = {
    state: "problem",
    subject: "replicated",
    fact: "it is not",
    next: "look",
};

describe("findings as lines", () => {
    it("name what was seen, how long it took and what to do", () => {
        assert.equal(formatFinding(OK), "ok      replicated: it is there (1.3 s)");
        assert.equal(
            formatFinding({ ...OK, state: "warning" }),
            "warning replicated: it is there (1.3 s)",
        );
        assert.equal(formatFinding(PROBLEM), "PROBLEM replicated: it is not\n        next: look");
    });

    it("are counted, and sound without a problem", () => {
        assert.equal(summarize([OK, OK, PROBLEM]), "2 ok, 0 warning, 1 problem");
        assert.equal(isSound([OK, { ...OK, state: "warning" }]), true);
        assert.equal(isSound([OK, PROBLEM]), false);
    });
});

describe("progress", () => {
    const written = (isTTY: boolean): string => {
        let text = "";
        const progress = new Progress({
            isTTY,
            write: (t: string) => ((text += t), true),
        } as unknown as NodeJS.WriteStream);
        progress.show("waiting");
        progress.clear();
        return text;
    };
    it("is one line that is taken back on a terminal, and nothing elsewhere", () => {
        assert.equal(written(true), "\r\u001b[K… waiting (0 s)\r\u001b[K");
        assert.equal(written(false), "");
    });
    it("is a line every five minutes where there is no terminal: a wait of hours is not dead", () => {
        mock.timers.enable({ apis: ["Date"], now: 0 });
        const lines: string[] = [];
        const out = { isTTY: false, write: (line: string) => lines.push(line) };
        const progress = new Progress(out as unknown as NodeJS.WriteStream);
        for (let minute = 0; minute <= 12; minute++) {
            mock.timers.setTime(minute * 60_000);
            progress.show(`minute ${String(minute)}`);
        }
        mock.timers.reset();
        assert.deepEqual(lines, ["… minute 5\n", "… minute 10\n"]);
    });
});

describe("cinder-dr", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-cli-"));
    const right = join(folder, "right.yaml");
    const wrong = join(folder, "wrong.yaml");
    const env = { ...process.env };
    let keystone: Server;

    before(async () => {
        writeFileSync(right, stringify(goodTopology()));
        writeFileSync(wrong, stringify(withValue("backends/ceph/pool", "")));
        keystone = createServer((_, response) =>
            response.writeHead(401).end('{"error":{"message":"who?"}}'),
        ).listen(0, "127.0.0.1");
        await once(keystone, "listening");
        for (const key of Object.keys(process.env))
            if (key.startsWith("OS_")) Reflect.deleteProperty(process.env, key);
    });
    afterEach(() => {
        process.removeAllListeners("SIGINT");
        process.removeAllListeners("SIGTERM");
    });
    after(() => {
        process.env = env;
        keystone.close();
        rmSync(folder, { recursive: true });
    });

    /** Exit code and output of one command line. */
    async function run(...words: string[]) {
        let [out, err] = ["", ""];
        mock.method(console, "log", (text: string) => (out += `${text}\n`));
        mock.method(console, "error", (text: string) => (err += `${text}\n`));
        mock.method(process.stdout, "write", (text: string) => ((out += text), true));
        mock.method(process.stderr, "write", (text: string) => ((err += text), true));
        try {
            const code = await main(["node", "cinder-dr", ...words]);
            return { code, out, err };
        } finally {
            mock.restoreAll();
        }
    }

    const lines: [words: string[], code: ExitCode, out: RegExp, err: RegExp][] = [
        [["--help"], ExitCode.Ok, /Usage: cinder-dr[^]*verify[^]*Exit codes:\n {2}0 {2}ok\n/, /^$/],
        [
            ["verify", "--help"],
            ExitCode.Ok,
            /--stack <name>[^]*--topology <file>[^]*--json[^]*OS_CLOUD/,
            /^$/,
        ],
        [
            ["drill", "--help"],
            ExitCode.Ok,
            /--check <command>[^]*CINDER_DR_CLONES[^]*OS_CLOUD/,
            /^$/,
        ],
        [
            ["drill", "--topology", right, "--check-seconds", "0"],
            ExitCode.Usage,
            /^$/,
            /'--check-seconds <n>' argument '0' is invalid\. must be 1 to 999999 whole seconds, got '0'/,
        ],
        [
            ["servers", "--topology", right, "--stop", "--start"],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: name one of --reattach, --stop and --start\n$/,
        ],
        [
            ["servers", "--topology", right, "--batch", "none"],
            ExitCode.Usage,
            /^$/,
            /must be a whole number of 1 to 9999, got 'none'/,
        ],
        [["servers", "--help"], ExitCode.Ok, /--reattach[^]*never used[^]*OS_CLOUD/, /^$/],
        [
            ["drill", "--topology", right, "--backend", "fast"],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: --backend must be one of ceph, got 'fast'\n$/,
        ],
        [
            ["drill", "--topology", right, "--reports", `${right}/reports`],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: --reports \S+\/reports is no folder to write to: \S+ cannot be made \(ENOTDIR\)\n$/,
        ],
        [
            ["drill", "--topology", right, "--reports", right],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: --reports \S+ is no folder to write to: ENOTDIR: not a directory/,
        ],
        [
            ["status", "--topology", right, "--backend", "fast"],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: --backend must be one of ceph, got 'fast'\n$/,
        ],
        [
            ["preflight", "unplanned", "--topology", right],
            ExitCode.Usage,
            /^$/,
            /value 'unplanned' is invalid for argument 'move'\. Allowed choices are planned, forced, failback/,
        ],
        [
            ["failover", "--topology", right],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: name either --planned or --forced\n$/,
        ],
        [
            ["failover", "--planned", "--fenced", "x", "--topology", right],
            ExitCode.Usage,
            /^$/,
            /--fenced, --rbd-mirror-stopped, --write-rows and --write-all-rows go with --forced only/,
        ],
        [
            ["failover", "--planned", "--write-all-rows", "--topology", right],
            ExitCode.Usage,
            /^$/,
            /--write-all-rows go with --forced only/,
        ],
        [
            ["failover", "--planned", "--accept-loss", "all", "--topology", right],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: --accept-loss must be NAME=COUNT, got 'all'\n$/,
        ],
        [
            ["failback", "--resync-seconds", "soon", "--topology", right],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: --resync-seconds must be a whole number, got 'soon'\n$/,
        ],
        [
            ["failover", "--planned", "--topology", "no\u001b[2K\rsuch"],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: [^]*no\\u001b\[2K\\u000dsuch/,
        ],
        [
            ["report", "nosuch"],
            ExitCode.Failed,
            /^$/,
            /^cinder-dr: there is no journal 'nosuch' in /,
        ],
        [
            ["verfy"],
            ExitCode.Usage,
            /^$/,
            /error: unknown command 'verfy'[^]*Did you mean verify\?/,
        ],
        [["verify", "--stak", "x"], ExitCode.Usage, /^$/, /error: unknown option '--stak'/],
        [
            ["verify", "--stack"],
            ExitCode.Usage,
            /^$/,
            /error: option '--stack <name>' argument missing/,
        ],
        [
            ["verify"],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: name either --stack NAME or --topology FILE\n$/,
        ],
        [
            ["verify", "--topology", wrong],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: .*wrong\.yaml: 1 problem\(s\)\n {2}backends\.ceph\.pool must be a pool name [^\n]*, got ''\n$/,
        ],
        [
            ["verify", "--topology", right, "--backend", "fast"],
            ExitCode.Usage,
            /^$/,
            /^cinder-dr: --backend must be one of ceph, got 'fast'\n$/,
        ],
        [
            ["verify", "--topology", right],
            ExitCode.Failed,
            /^$/,
            /^cinder-dr: no OpenStack cloud: set OS_CLOUD \(clouds\.yaml\) or OS_AUTH_URL and its companions\n$/,
        ],
        [
            ["verify", "--topology", wrong, "--json"],
            ExitCode.Usage,
            /^\{"verb":"verify","ok":false,"error":".*backends\.ceph\.pool must[^\n]*\}\n$/,
            /^cinder-dr: /,
        ],
    ];
    for (const [words, code, out, err] of lines)
        it(`${words.join(" ").replaceAll(folder, "…")}: exit code ${code}`, async () => {
            const seen = await run(...words);
            assert.match(seen.out, out);
            assert.match(seen.err, err);
            assert.equal(seen.code, code);
        });

    it("resume: exit code 2 for what is done or overtaken", async () => {
        process.env.CINDER_DR_JOURNALS = join(folder, "journals");
        const begun = { backend: "ceph", who: "ops@bastion", version: "0.1.0", flags: {} };
        for (const [id, verb] of [
            ["1-failover-ceph-7f2a", "failover --forced"],
            ["2-failback-ceph-0b1c", "failback"],
        ] as const) {
            const journal = Journal.create({ ...begun, id, verb });
            const outcome = verb === "failback" ? "done" : "partial";
            journal.end({ outcome, fact: "", left: [] });
            journal.close();
            await new Promise((resolve) => setTimeout(resolve, 5));
        }
        for (const [words, said] of [
            [
                ["1-failover-ceph-7f2a", "--undo-rows"],
                "operation 1-failover-ceph-7f2a was followed by 2-failback-ceph-0b1c, which is done: begin a new one",
            ],
            [
                ["2-failback-ceph-0b1c"],
                "operation 2-failback-ceph-0b1c is done: there is nothing to go on with",
            ],
            [[], "there is no operation to go on with"],
        ] as const) {
            const seen = await run("resume", ...words, "--topology", right);
            assert.equal(seen.err, `cinder-dr: ${said}\n`);
            assert.equal(seen.code, ExitCode.Usage);
        }
    });

    it("verify: exit code 1 and one sentence when Keystone refuses, the password in none", async () => {
        const { port } = keystone.address() as AddressInfo;
        Object.assign(process.env, {
            OS_AUTH_URL: `http://127.0.0.1:${port}`,
            OS_USERNAME: "u",
            OS_PASSWORD: "s3cret",
            OS_PROJECT_NAME: "p",
        });
        const seen = await run("verify", "--topology", right, "--json");
        assert.equal(seen.code, ExitCode.Failed);
        const sentence = `Keystone at http://127.0.0.1:${port} refused the credentials: HTTP 401: who?`;
        assert.deepEqual(JSON.parse(seen.out), { verb: "verify", ok: false, error: sentence });
        assert.equal(seen.err, `cinder-dr: ${sentence}\n`);
    });
});
