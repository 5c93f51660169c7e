import { appendFileSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type * as undici from "undici";

/** GitHub refused or did not answer. The message never holds the token. */
export class GitHubError extends Error {
    override readonly name = "GitHubError";
}

/** Where a comment goes, as GitHub Actions tells its jobs. */
export interface PullRequest {
    /** E.g. https://api.github.com, or a GitHub Enterprise Server's. */
    api: string;
    token: string;
    /** OWNER/NAME */
    repository: string;
    number: number;
    /** Login that the token writes as: only its comments are edited. */
    author: string;
}

/** Loaded when something is sent: most reviews write no comment. */
const http = (): typeof undici => createRequire(__filename)("undici") as typeof undici;

const REQUEST_MILLISECONDS = 30_000;
const PER_PAGE = 100;
/** A pull request with more comments than this is searched no further. */
const MOST_PAGES = 50;

interface Comment {
    id: number;
    body?: string | null;
    html_url: string;
    user: { login: string } | null;
}

const numberIn = (file: string | undefined): number | undefined => {
    if (file === undefined || file === "") return undefined;
    const event = JSON.parse(readFileSync(file, "utf8")) as { pull_request?: { number?: number } };
    return event.pull_request?.number;
};

/**
 * What the environment of a job says; see GitHub's «Default environment variables».
 * @throws GitHubError naming what is missing
 */
export function pullRequestOf(
    env: NodeJS.ProcessEnv,
    author: string,
    number?: number,
): PullRequest {
    const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository } = env;
    const found = number ?? numberIn(env.GITHUB_EVENT_PATH);
    if (token === undefined || token === "")
        throw new GitHubError("--comment github needs GITHUB_TOKEN with pull-requests: write");
    if (repository === undefined || !/^[\w.-]+\/[\w.-]+$/.test(repository))
        throw new GitHubError("--comment github needs GITHUB_REPOSITORY as OWNER/NAME");
    if (found === undefined)
        throw new GitHubError(
            "--comment github needs a pull request: an event of one (GITHUB_EVENT_PATH), or --pull-request NUMBER",
        );
    const api = (env.GITHUB_API_URL ?? "https://api.github.com").replace(/\/+$/, "");
    return { api, token, repository, number: found, author };
}

async function call<T>(to: PullRequest, method: string, path: string, body?: object): Promise<T> {
    const url = `${to.api}/repos/${to.repository}${path}`;
    let response;
    try {
        response = await http().fetch(url, {
            method,
            signal: AbortSignal.timeout(REQUEST_MILLISECONDS),
            headers: {
                Accept: "application/vnd.github+json",
                Authorization: `Bearer ${to.token}`,
                "Content-Type": "application/json",
                "User-Agent": "cinder-dr",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
    } catch (error) {
        const cause = (error as Error).cause;
        const why = cause instanceof Error ? cause.message : (error as Error).message;
        throw new GitHubError(`GitHub: ${method} ${to.api}: ${why}`, { cause: error });
    }
    const answer = await response.text();
    if (!response.ok) {
        const hint =
            response.status === 403 || response.status === 404
                ? "; the job needs `permissions: pull-requests: write`, which a fork's never has"
                : "";
        throw new GitHubError(
            `GitHub: ${method} ${path.split("?")[0] ?? path}: HTTP ${String(response.status)}${hint}`,
        );
    }
    return (answer === "" ? undefined : JSON.parse(answer)) as T;
}

/** Our comments of one stack, the oldest first. */
async function earlier(to: PullRequest, mark: string): Promise<Comment[]> {
    const found: Comment[] = [];
    for (let page = 1; page <= MOST_PAGES; page++) {
        const path = `/issues/${String(to.number)}/comments?per_page=${String(PER_PAGE)}&page=${String(page)}`;
        const comments = await call<Comment[]>(to, "GET", path);
        // Anybody can write the mark, and would keep the right to edit what we write into their comment.
        found.push(
            ...comments.filter(
                ({ body, user }) => user?.login === to.author && (body ?? "").startsWith(mark),
            ),
        );
        if (comments.length < PER_PAGE) break;
    }
    return found;
}

/**
 * Writes the comment of a stack: edits the one that is there, else makes one. Two runs at once can make two; the next
 * run leaves one.
 * @param mark the first line of the comment
 * @returns the comment's address
 */
export async function writeComment(to: PullRequest, mark: string, body: string): Promise<string> {
    const [first, ...more] = await earlier(to, mark);
    for (const { id } of more) await call(to, "DELETE", `/issues/comments/${String(id)}`);
    const written =
        first === undefined
            ? await call<Comment>(to, "POST", `/issues/${String(to.number)}/comments`, { body })
            : await call<Comment>(to, "PATCH", `/issues/comments/${String(first.id)}`, { body });
    return written.html_url;
}

/** Adds to the job's summary page, where there is one. */
export function writeSummary(env: NodeJS.ProcessEnv, body: string): void {
    const file = env.GITHUB_STEP_SUMMARY;
    if (file !== undefined && file !== "") appendFileSync(file, `${body}\n`);
}
