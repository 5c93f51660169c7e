import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { mock } from "node:test";

import { stringify } from "yaml";

import { ExitCode } from "../../cli/exitCode";
import { main } from "../../cli/main";
import { hostCommand } from "../../core/hostCommand";
import { toShell } from "../../core/shell";
import { parseTopology } from "../../core/topology";
import { Journal } from "../../operations/journal";
import * as rollout from "../../operations/rollout";
import { ownJournals } from "../support/ownJournals";
import { goodTopology, withValue } from "../support/topology";

const ROOT = join(__dirname, "../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const filesIn = (folder: string, ending: RegExp): string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => ending.test(name) && !name.includes("node_modules"))
        .map((name) => join(folder, name));

const PAGES = ["README.md", "CONTRIBUTING.md", ...filesIn("docs", /\.md$/)];

/** A heading as the sites that show Markdown make an anchor of it. */
const anchor = (heading: string): string =>
    heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-");

const anchorsOf = (page: string): string[] =>
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchor(heading));

describe("the pages", () => {
    for (const page of PAGES)
        it(`${page} links to what is there`, () => {
            const text = read(page).replaceAll(/^```[^]*?^```$/gm, "");
            for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
                if (/^https?:/.test(target)) continue;
                const [file = "", fragment] = target.split("#");
                const path = file === "" ? page : join(dirname(page), file);
                assert.ok(existsSync(join(ROOT, path)), `${page}: ${target}`);
                if (fragment !== undefined)
                    assert.ok(anchorsOf(read(path)).includes(fragment), `${page}: ${target}`);
            }
        });

    it("name only npm scripts that exist", () => {
        const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
        const named = PAGES.flatMap((page) =>
            [...read(page).matchAll(/\bnpm run ([a-z][a-z:]*)/g)].map(([, script = ""]) => script),
        );
        assert.ok(named.length > 0);
        assert.deepEqual(
            [...new Set(named)].filter((script) => !(script in scripts)),
            [],
        );
    });
});

describe("the pages' commands", () => {
    const env = { ...process.env };
    const here = process.cwd();
    ownJournals();
    let folder = "";

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "cinder-dr-pages-"));
        // The names that the pages use; a key rotation has left the user `cinder` behind.
        const topology = stringify(withValue("backends/ceph/user", "cinder-2"));
        for (const name of ["Pulumi.mycloud.yaml", "Pulumi.lab.yaml", "topology.yaml", "FILE"])
            writeFileSync(join(folder, name), topology);
        process.chdir(folder);
        const flags = { stack: "mycloud" };
        const begun = { backend: "ceph", who: "ops@bastion", version: "0", flags };
        const journal = Journal.create({ ...begun, id: "ID", verb: "failover --forced" });
        journal.end({ outcome: "partial", fact: "", left: [] });
        journal.close();
        for (const key of Object.keys(process.env))
            if (key.startsWith("OS_")) Reflect.deleteProperty(process.env, key);
        mock.method(rollout, "rollout", () => Promise.resolve([]));
    });
    afterEach(() => {
        mock.restoreAll();
        process.chdir(here);
        rmSync(folder, { recursive: true });
        process.env = { ...env };
        for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
    });

    /** What a page tells to type, and the commands in the output that it quotes. */
    function commandsOf(page: string): string[] {
        const FENCE = /^ *```(\w*)\n([^]*?)^ *```/gm;
        const text = read(page);
        const fenced = [...text.matchAll(FENCE)].flatMap(([, kind, lines = ""]) => [
            ...lines.matchAll(/^ *npx (cinder-dr .*)$/gm),
            ...(kind === "text" ? lines.matchAll(/`(cinder-dr [^`]+)`/g) : []),
        ]);
        const inline = text.replaceAll(FENCE, "").matchAll(/`npx (cinder-dr\s[^`]+)`/g);
        return [...fenced, ...inline].map(([, command = ""]) => command.replaceAll(/\s+/g, " "));
    }

    /** Placeholders filled in, and what the shell or the reader takes away. */
    const wordsOf = (command: string): string[] =>
        command
            .replace(/ (?:#|>) .*/, "")
            .replaceAll(/[[\]…]|(?<=\w)\|[\w|]+/g, "")
            .replaceAll("<stack>", "mycloud")
            .match(/'[^']*'|\S+/g)
            ?.map((word) => word.replaceAll("'", "")) ?? [];

    async function faultOf(command: string): Promise<string[]> {
        let said = "";
        const [log, error] = [() => undefined, (text: string) => (said += text)];
        mock.method(console, "log", log);
        mock.method(console, "error", error);
        const written = mock.method(
            process.stderr,
            "write",
            (text: string) => ((said += text), true),
        );
        const code = await main(["node", ...wordsOf(command)]);
        written.mock.restore();
        return code === ExitCode.Usage ? [`${command}: ${said}`] : [];
    }

    for (const page of PAGES) {
        // A review runs a preview; its own words are asked for by its parser alone.
        const commands = commandsOf(page).filter((line) => !line.startsWith("cinder-dr review"));
        if (commands.length > 0)
            it(`${page}: can be typed as they stand`, async () => {
                const faults: string[] = [];
                for (const command of commands) faults.push(...(await faultOf(command)));
                assert.deepEqual(faults, []);
            });
    }
});

describe("the operator's pages", () => {
    const optionsIn = (...files: string[]): string[] =>
        files.flatMap((file) =>
            [...read(file).matchAll(/\.option\(\s*"(--[a-z-]+)/g)].map(([, name = ""]) => name),
        );
    const lacks = (page: string, names: readonly string[]): string[] => {
        assert.ok(names.length > 0);
        return names.filter((name) => !read(page).includes(name));
    };
    it("name every option of a drill and of the moves", () => {
        assert.deepEqual(lacks("docs/drill.md", optionsIn("cli/drillCommand.ts")), []);
        const moves = ["failoverCommand", "failbackCommand", "resumeCommand", "operation"];
        const names = optionsIn(...moves.map((verb) => `cli/${verb}.ts`));
        assert.deepEqual(lacks("docs/operate.md", names), []);
    });
    it("name every consent, and the runbook of a forced failover its own", () => {
        const names = [...read("core/consents.ts").matchAll(/add\(\s*"([a-z-]+)"/g)];
        const all = names.map(([, name = ""]) => name);
        assert.deepEqual(lacks("docs/operate.md", all), []);
        const forced = ["unreplicated", "unseen-hosts", "lost-writes"];
        assert.deepEqual(lacks("docs/runbooks/forced.md", forced), []);
    });
});

describe("docs/article.md", () => {
    it("names only tests that exist", () => {
        const tests = read("test/lab/mainJob.test.ts");
        const named = [...read("docs/article.md").matchAll(/«([^»]+)»/g)].map(
            ([, title = ""]) => title,
        );
        assert.ok(named.length >= 8);
        for (const title of named) assert.ok(tests.includes(`it("${title}"`), title);
    });
});

describe("docs/hosts.md", () => {
    it("has the sudoers line of the commands that run on a host", () => {
        const [host] = parseTopology({ ...goodTopology(), ssh: { user: "deploy" } }).hosts;
        assert.ok(host);
        for (const verb of ["apply", "remove", "inspect", "report"] as const) {
            const [, , ...words] = toShell(hostCommand(host, verb)).replaceAll("'", "").split(" ");
            // sudoers(5): these four end a word unless a backslash stands before them.
            const escaped = words.join(" ").replaceAll(/[,:=\\]/g, "\\$&");
            // A further word would be refused: behind the verb the next command begins, or the line ends.
            const [, behind = "none"] = read("docs/hosts.md").split(escaped);
            assert.match(behind, /^(?:, |\n)/, escaped);
        }
    });
});

describe("docs/troubleshooting.md", () => {
    /** Sources without the breaks between the parts of a long string. */
    const sources = ["core", "components", "operations", "cli", "host", "toolchain", "lab"]
        .flatMap((folder) => filesIn(folder, /\.(?:ts|mjs|py|sh)$/))
        .map(read)
        .join("\n")
        .replaceAll(/["`] ?\+?\s*\n\s*["`]/g, "")
        .replaceAll(/\\(["'`])/g, "$1");

    for (const [, sentence = ""] of read("docs/troubleshooting.md").matchAll(/^### `(.*)`$/gm))
        it(`quotes a sentence of the code: ${sentence}`, () => {
            for (const part of sentence.split("…"))
                assert.ok(sources.includes(part.trim()), `not in the sources: '${part.trim()}'`);
        });
});
