import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

import {
    begunOf,
    followerOf,
    isLater,
    isOpen,
    type Begun,
    type JournalEntry,
} from "../core/operation";

/** A journal is missing, unreadable or in use. */
export class JournalError extends Error {
    override readonly name: string = "JournalError";
}

/** `$CINDER_DR_JOURNALS`, else `$XDG_STATE_HOME/cinder-dr`, else `~/.local/state/cinder-dr`. */
export const journalFolder = (env: NodeJS.ProcessEnv = process.env): string =>
    env.CINDER_DR_JOURNALS ??
    join(env.XDG_STATE_HOME ?? join(homedir(), ".local/state"), "cinder-dr");

/**
 * Makes a folder and those above it, for their owner alone. One by one: mkdirSync's own recursion never ends below /proc,
 * where a folder cannot be made though the one above is there (ENOENT; Node.js 20).
 * @throws JournalError where it cannot be made
 */
export function makeFolder(folder: string): void {
    if (existsSync(folder)) return;
    makeFolder(dirname(folder));
    try {
        mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Another command has made it in the same moment.
        if (code !== "EEXIST") throw new JournalError(`${folder} cannot be made (${code ?? ""})`);
    }
}

/** Where the journal of an operation is. */
export const fileOf = (folder: string, id: string): string => join(folder, `${id}.jsonl`);

/** Entries of a file; the last line may be cut short when the machine lost power, and is then left out. */
function parseEntries(file: string, text = readFileSync(file, "utf8")): JournalEntry[] {
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.flatMap((line, at) => {
        try {
            return [JSON.parse(line) as JournalEntry];
        } catch (error) {
            if (at === lines.length - 1) return [];
            throw new JournalError(
                `${file}: line ${String(at + 1)} is no JSON; look at \`cinder-dr status\` for what its operation has left (hosts frozen, rbd-mirror stopped), mend that by hand, and move the file away`,
                { cause: error },
            );
        }
    });
}

/** Reads one journal without touching it. */
export function readJournal(id: string, folder = journalFolder()): JournalEntry[] {
    if (!/^[\w.@-]+$/.test(id) || !existsSync(fileOf(folder, id)))
        throw new JournalError(`there is no journal '${id.slice(0, 80)}' in ${folder}`);
    return parseEntries(fileOf(folder, id));
}

/** Ids of all journals, oldest first. */
export const listJournals = (folder = journalFolder()): string[] =>
    existsSync(folder)
        ? readdirSync(folder)
              .filter((name) => name.endsWith(".jsonl"))
              .map((name) => name.slice(0, -".jsonl".length))
              .sort()
        : [];

/** Entries of the journals that can be gone on with, oldest first by their names. */
function openJournals(folder: string): JournalEntry[][] {
    const all = listJournals(folder)
        .map((id) => readJournal(id, folder))
        .filter((entries) => entries.length > 0);
    return all.filter((entries) => isOpen(entries) && followerOf(entries, all) === undefined);
}

/** Operations that can be gone on with, oldest first. */
export const openOperations = (folder = journalFolder()): Begun[] =>
    openJournals(folder).map(begunOf);

/** The newest journal of a backend that an operation of this verb can go on with. */
export function openJournalOf(
    verb: string,
    backend: string,
    folder = journalFolder(),
): string | undefined {
    const [first, ...more] = openJournals(folder).filter((entries) => {
        const begun = begunOf(entries);
        return begun.verb === verb && begun.backend === backend;
    });
    if (first === undefined) return undefined;
    return begunOf(more.reduce((last, one) => (isLater(one, last) ? one : last), first)).id;
}

/** The next journal's place in the order in which a folder's journals were made. */
export function nextOrder(folder: string): number {
    const orders = listJournals(folder).map((id) => {
        const [line = ""] = readFileSync(fileOf(folder, id), "utf8").split("\n", 1);
        const [first] = parseEntries(fileOf(folder, id), line);
        return (first?.data as Partial<Begun> | undefined)?.order ?? 0;
    });
    return Math.max(0, ...orders) + 1;
}
