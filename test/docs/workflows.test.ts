import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { parse } from "yaml";

const FOLDER = join(__dirname, "../../.github/workflows");

interface Workflow {
    on: Record<string, unknown>;
    permissions: object;
    jobs: Record<
        string,
        {
            permissions: Record<string, string>;
            steps: { uses?: string; run?: string; if?: string }[];
        }
    >;
}

describe("the workflows", () => {
    for (const file of readdirSync(FOLDER)) {
        const text = readFileSync(join(FOLDER, file), "utf8");
        const workflow = parse(text) as Workflow;
        it(`${file} pins each action by its commit and names the version`, () => {
            for (const [, action = ""] of text.matchAll(/uses: (.*)/g))
                assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
        });
        it(`${file} writes nothing but comments, and gives a fork no secrets`, () => {
            assert.deepEqual(workflow.permissions, {});
            assert.ok(!("pull_request_target" in workflow.on));
            for (const { permissions } of Object.values(workflow.jobs))
                for (const [what, right] of Object.entries(permissions))
                    assert.ok(right === "read" || what === "pull-requests", `${what}: ${right}`);
        });
        it(`${file} puts no expression into a script`, () => {
            for (const { steps } of Object.values(workflow.jobs))
                for (const { run } of steps) assert.doesNotMatch(run ?? "", /\$\{\{/);
        });
    }

    it("preview.yml fails for a fork before anything else runs", () => {
        const { jobs } = parse(readFileSync(join(FOLDER, "preview.yml"), "utf8")) as Workflow;
        const [first] = jobs.review?.steps ?? [];
        assert.equal(
            first?.if,
            "github.event.pull_request.head.repo.full_name != github.repository",
        );
        assert.match(first.run ?? "", /\nexit 1\n$/);
    });
});

interface Note {
    id: number;
    body: string;
    author: { id: number };
}

/** GitLab's notes of a merge request, two a page; shapes as its REST documentation has them (v4). */
async function withGitLab(notes: Note[], use: (url: string) => Promise<void>): Promise<void> {
    const server = createServer((request, response) => {
        const { method = "", url = "", headers } = request;
        const { pathname, searchParams } = new URL(url, "http://x");
        let text = "";
        request.on("data", (chunk: Buffer) => (text += chunk.toString()));
        request.on("end", () => {
            const answer = (status: number, value: unknown, more: Record<string, string> = {}) => {
                response.writeHead(status, { "Content-Type": "application/json", ...more });
                response.end(JSON.stringify(value));
            };
            const body = text === "" ? "" : (JSON.parse(text) as { body: string }).body;
            const id = Number(/notes\/(\d+)$/.exec(pathname)?.[1]);
            const known = notes.find((note) => note.id === id);
            if (headers["private-token"] !== "planted") answer(401, { message: "401" });
            else if (pathname === "/api/v4/user") answer(200, { id: 7 });
            else if (method === "PUT" && known) answer(200, (known.body = body));
            else if (method === "POST") {
                notes.push({ id: notes.length + 1, body, author: { id: 7 } });
                answer(201, notes.at(-1));
            } else {
                const page = Number(searchParams.get("page"));
                const next = page * 2 < notes.length ? String(page + 1) : "";
                answer(200, notes.slice(page * 2 - 2, page * 2), { "x-next-page": next });
            }
        });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
        await use(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/api/v4`);
    } finally {
        server.close();
    }
}

describe("the example for GitLab", () => {
    const file = join(__dirname, "../../examples/gitlab/.gitlab-ci.yml");
    const jobs = parse(readFileSync(file, "utf8")) as Record<
        "review" | "drift",
        { script: string[]; rules: { if: string }[] }
    >;

    it("reviews merge requests, ends with the review's code, and looks for drift on schedule", () => {
        const { review, drift } = jobs;
        assert.deepEqual(review.rules, [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }]);
        assert.deepEqual(drift.rules, [{ if: '$CI_PIPELINE_SOURCE == "schedule"' }]);
        assert.equal(review.script.at(-1), 'exit "$code"');
        assert.match(drift.script.at(-1) ?? "", /^npx cinder-dr drift /);
    });

    it("writes one note a stack and edits it, behind a page of others and beside another stack's", async function () {
        this.timeout(60_000);
        const folder = mkdtempSync(join(tmpdir(), "cinder-dr-gitlab-"));
        const [, script = ""] =
            /<<'SCRIPT'\n([^]*)\nSCRIPT/.exec(jobs.review.script.join("\n")) ?? [];
        const notes: Note[] = ["a", "<!-- mine -->", "b"].map((body, i) => ({
            id: i + 1,
            body,
            author: { id: 1 },
        }));
        await withGitLab(notes, async (url) => {
            const write = async (text: string) => {
                writeFileSync(join(folder, "review.md"), text);
                const env = {
                    ...process.env,
                    ...{ CI_API_V4_URL: url, CI_PROJECT_ID: "1", CI_MERGE_REQUEST_IID: "2" },
                    REVIEW_TOKEN: "planted",
                };
                const words = ["--input-type=module", "--eval", script];
                await promisify(execFile)(process.execPath, words, { cwd: folder, env });
            };
            await write("<!-- mine -->\none");
            await write("<!-- other -->\ntwo");
            await write("<!-- mine -->\nthree");
        });
        rmSync(folder, { recursive: true });
        assert.deepEqual(
            notes.map(({ body }) => body),
            ["a", "<!-- mine -->", "b", "<!-- mine -->\nthree", "<!-- other -->\ntwo"],
        );
    });
});
