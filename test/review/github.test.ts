import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { pullRequestOf, writeComment, writeSummary, type PullRequest } from "../../review/github";
import { marker } from "../../review/markdown/head";

interface Comment {
    id: number;
    body: string;
    user: { login: string };
}

/** GitHub's REST API as far as comments go; shapes as its documentation records them (2022-11-28). */
class FakeGitHub {
    comments: Comment[] = [];
    readonly calls: string[] = [];
    /** Status of every answer to a write, 0 for none. */
    refuses = 0;
    private readonly server: Server = createServer((request, response) => {
        void this.answer(request).then(([status, body]) => {
            response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" });
            response.end(body === undefined ? undefined : JSON.stringify(body));
        });
    });
    private next = 1000;

    async start(): Promise<string> {
        this.server.listen(0, "127.0.0.1");
        await once(this.server, "listening");
        return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
    }

    stop(): Promise<unknown> {
        return new Promise((resolve) => this.server.close(resolve));
    }

    private async answer(request: IncomingMessage): Promise<[number, unknown]> {
        const { method = "", url = "", headers } = request;
        this.calls.push(`${method} ${url}`);
        if (headers.authorization !== "Bearer planted-token")
            return [401, { message: "Bad credentials", status: "401" }];
        const { pathname, searchParams } = new URL(url, "http://x");
        const id = Number(/\/issues\/comments\/(\d+)$/.exec(pathname)?.[1]);
        if (method === "GET") {
            const [size, page] = [
                Number(searchParams.get("per_page")),
                Number(searchParams.get("page")),
            ];
            return [
                200,
                this.comments.slice(size * (page - 1), size * page).map((c) => this.shape(c)),
            ];
        }
        if (this.refuses > 0)
            return [
                this.refuses,
                { message: "Resource not accessible by integration", status: String(this.refuses) },
            ];
        if (method === "DELETE") {
            this.comments = this.comments.filter((c) => c.id !== id);
            return [204, undefined];
        }
        let text = "";
        for await (const chunk of request) text += String(chunk);
        const { body } = JSON.parse(text) as { body: string };
        const known = this.comments.find((c) => c.id === id);
        if (known !== undefined) {
            known.body = body;
            return [200, this.shape(known)];
        }
        const made = { id: ++this.next, body, user: { login: "github-actions[bot]" } };
        this.comments.push(made);
        return [201, this.shape(made)];
    }

    private shape = (comment: Comment) => ({
        ...comment,
        node_id: `IC_${String(comment.id)}`,
        html_url: `https://github.com/o/r/pull/7#issuecomment-${String(comment.id)}`,
        created_at: "2026-01-01T00:00:00Z",
        author_association: "NONE",
    });
}

describe("a comment on GitHub", () => {
    let github: FakeGitHub;
    let to: PullRequest;
    beforeEach(async () => {
        github = new FakeGitHub();
        const api = await github.start();
        to = {
            api,
            token: "planted-token",
            repository: "o/r",
            number: 7,
            author: "github-actions[bot]",
        };
    });
    afterEach(() => github.stop());

    const write = (stack: string, text: string) =>
        writeComment(to, marker(stack), `${marker(stack)}\n${text}`);

    it("is made once and then edited, one for each stack", async () => {
        const first = await write("p/a", "one");
        await write("p/b", "other");
        assert.equal(await write("p/a", "two"), first);
        assert.deepEqual(
            github.comments.map(({ body }) => body.split("\n")[1]),
            ["two", "other"],
        );
    });

    it("is found behind more than a hundred others", async () => {
        await write("p/a", "one");
        const others = Array.from({ length: 150 }, (_, id) => ({
            id,
            body: "x",
            user: { login: "someone" },
        }));
        github.comments.unshift(...others);
        await write("p/a", "two");
        assert.equal(github.comments.length, 151);
        assert.equal(github.comments.at(-1)?.body.split("\n")[1], "two");
    });

    it("is never somebody else's, whatever stands in it", async () => {
        github.comments.push({ id: 1, body: marker("p/a"), user: { login: "mallory" } });
        await write("p/a", "one");
        assert.equal(github.comments.length, 2);
        assert.equal(github.comments[0]?.body, marker("p/a"));
    });

    it("is one again after two runs at once have made two", async () => {
        for (const id of [1, 2])
            github.comments.push({ id, body: marker("p/a"), user: { login: to.author } });
        await write("p/a", "one");
        assert.deepEqual(
            github.comments.map(({ id }) => id),
            [1],
        );
    });

    it("fails with what to do, and without the token", async () => {
        github.refuses = 403;
        await assert.rejects(
            () => write("p/a", "one"),
            /POST \/issues\/7\/comments: HTTP 403; the job needs `permissions: pull-requests: write`, which a fork's never has$/,
        );
        await assert.rejects(
            () => writeComment({ ...to, token: "planted-wrong" }, "m", "m"),
            (error: Error) => /HTTP 401$/.test(error.message) && !error.message.includes("planted"),
        );
        await assert.rejects(
            () => writeComment({ ...to, api: "http://127.0.0.1:9" }, "m", "m"),
            /GitHub: GET http:\/\/127\.0\.0\.1:9: /,
        );
    });
});

describe("the pull request of a job", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-github-"));
    after(() => {
        rmSync(folder, { recursive: true });
    });

    it("is what Actions says", () => {
        const event = join(folder, "event.json");
        writeFileSync(event, JSON.stringify({ pull_request: { number: 12 } }));
        const env = {
            GITHUB_TOKEN: "t",
            GITHUB_REPOSITORY: "o/r",
            GITHUB_EVENT_PATH: event,
            GITHUB_API_URL: "https://ghe.example.org/api/v3/",
        };
        assert.deepEqual(pullRequestOf(env, "bot"), {
            api: "https://ghe.example.org/api/v3",
            token: "t",
            repository: "o/r",
            number: 12,
            author: "bot",
        });
        assert.equal(pullRequestOf({ ...env, GITHUB_EVENT_PATH: undefined }, "bot", 3).number, 3);
    });

    it("fails with what is missing", () => {
        const missing = (env: NodeJS.ProcessEnv) => () => pullRequestOf(env, "bot");
        assert.throws(missing({}), /needs GITHUB_TOKEN with pull-requests: write/);
        assert.throws(missing({ GITHUB_TOKEN: "t" }), /needs GITHUB_REPOSITORY as OWNER\/NAME/);
        assert.throws(missing({ GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "../x/y" }), /OWNER\/NAME/);
        assert.throws(
            missing({ GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "o/r" }),
            /--pull-request NUMBER/,
        );
    });

    it("has a summary page that is added to", () => {
        const file = join(folder, "summary.md");
        writeSummary({ GITHUB_STEP_SUMMARY: file }, "one");
        writeSummary({ GITHUB_STEP_SUMMARY: file }, "two");
        writeSummary({}, "three");
        assert.equal(readFileSync(file, "utf8"), "one\ntwo\n");
    });
});
