import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { promisify } from "node:util";

import { maskText } from "./mask";
import { BaseError, readStackFile, type StackFile } from "./stackFile";

const git = promisify(execFile);
const GIT_MILLISECONDS = 30_000;

/**
 * The stack's file at a commit; undefined where the commit has none, as before a stack's first commit.
 * @param folder the folder of the stack's file, inside a git work tree
 * @throws BaseError when there is no such commit or no valid topology
 */
export async function fileAt(
    ref: string,
    file: string,
    folder: string,
    secrets: readonly string[],
): Promise<StackFile | undefined> {
    const at = async (...words: string[]): Promise<string> =>
        (await git("git", words, { cwd: folder, timeout: GIT_MILLISECONDS, maxBuffer: 1 << 26 }))
            .stdout;
    let commit: string;
    try {
        commit = await at(
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            `${ref}^{commit}`,
        );
    } catch (error) {
        throw new BaseError(
            `--base must be a commit of this repository, got '${maskText(ref, secrets)}'`,
            {
                cause: error,
            },
        );
    }
    const path = isAbsolute(file) ? relative(folder, file) : file;
    let text: string;
    try {
        const listed = await at("ls-tree", "--name-only", commit.trim(), "--", path);
        if (listed === "") return undefined;
        text = await at("show", `${commit.trim()}:./${path}`);
    } catch (error) {
        throw new BaseError(`--base ${maskText(ref, secrets)} has no ${file}`, { cause: error });
    }
    return readStackFile(text, `${file} of ${maskText(ref, secrets)}`, secrets);
}

/** Files below some paths that are not as they were at a commit; of paths outside the repository nothing is known. */
export async function changedSince(
    ref: string,
    paths: readonly string[],
    folder: string,
): Promise<string[]> {
    const changed = await Promise.all(
        paths.map(async (path) => {
            const words = ["diff", "--name-only", "--relative", "-z", ref, "--", path];
            try {
                const options = { cwd: folder, timeout: GIT_MILLISECONDS, maxBuffer: 1 << 26 };
                return (await git("git", words, options)).stdout.split("\0").filter(Boolean);
            } catch (error) {
                if (!/outside repository/.test((error as Error).message)) throw error;
                return [];
            }
        }),
    );
    return [...new Set(changed.flat())].sort();
}

/** The stack's file in the work tree. @throws BaseError */
export function fileNow(file: string, secrets: readonly string[]): StackFile {
    let text: string;
    try {
        text = readFileSync(file, "utf8");
    } catch (error) {
        const { code = "unreadable" } = error as NodeJS.ErrnoException;
        throw new BaseError(`${file}: cannot be read (${code})`, { cause: error });
    }
    return readStackFile(text, file, secrets);
}
