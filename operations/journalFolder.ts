import { existsSync, mkdirSync, readFileSync, readdirSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

import { isSameBackend, type BackendKey } from "../core/backendKey";
import type { Finding } from "../core/finding";
import { begunOf, endedOf, isOpen, type Begun, type JournalEntry } from "../core/operation";
import { followerOf, inOrder } from "../core/operationOrder";

/** A journal is missing, unreadable or in use. */
export class JournalError extends Error {
    override readonly name: string = "JournalError";
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

export const unwritten = (file: string, error: unknown): JournalError =>
    new JournalError(`${file} cannot be written (${codeOf(error)})`, { cause: error });

/** A journal that is there and cannot be read. */
class UnreadError extends JournalError {
    /** @param entries what can be read of it */
    constructor(
        readonly fact: string,
        readonly next: string,
        readonly entries: readonly (JournalEntry | undefined)[] = [],
    ) {
        super(`${fact}; ${next}`);
    }
}

/** A disk that fills up takes a part without an error: what comes next would then stand on the same line. */
export function writeWhole(handle: number, text: Buffer): void {
    for (let at = 0; at < text.length;) at += writeSync(handle, text, at);
}

/** A variable that is empty is not set (XDG Base Directory Specification): the folder would lie where the command is run. */
const set = (value: string | undefined): string | undefined => (value === "" ? undefined : value);

/** `$CINDER_DR_JOURNALS`, else `$XDG_STATE_HOME/cinder-dr`, else `~/.local/state/cinder-dr`. */
export const journalFolder = (env: NodeJS.ProcessEnv = process.env): string =>
    set(env.CINDER_DR_JOURNALS) ??
    join(set(env.XDG_STATE_HOME) ?? join(homedir(), ".local/state"), "cinder-dr");

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
        const code = codeOf(error);
        // Another command has made it in the same moment.
        if (code !== "EEXIST") throw new JournalError(`${folder} cannot be made (${code})`);
    }
}

/** Where the journal of an operation is. */
export const fileOf = (folder: string, id: string): string => join(folder, `${id}.jsonl`);

/** What an operation of which nobody can tell the end may have left. */
const MEND =
    "look at `cinder-dr status` for what its operation has left (hosts frozen, rbd-mirror stopped), mend that by hand, and move the file away";

function entryIn(line: string): JournalEntry | undefined {
    try {
        const entry = JSON.parse(line) as JournalEntry | null;
        return typeof entry === "object" && entry !== null ? entry : undefined;
    } catch {
        return undefined;
    }
}

function textOf(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch (error) {
        throw new UnreadError(
            `${file} cannot be read (${codeOf(error)})`,
            "make it readable for who runs this, or move it away",
        );
    }
}

/** Entries of a file; the last line may be cut short when the machine lost power, and is then left out. */
function parseEntries(file: string): JournalEntry[] {
    const lines = textOf(file)
        .split("\n")
        .filter((line) => line !== "");
    const entries = lines.map(entryIn);
    const broken = entries.findIndex((entry) => entry === undefined);
    if (broken >= 0 && broken < lines.length - 1)
        throw new UnreadError(`${file}: line ${String(broken + 1)} is no JSON`, MEND, entries);
    const whole = entries.filter((entry) => entry !== undefined);
    if (whole.length > 0 && whole[0]?.kind !== "begun")
        throw new UnreadError(`${file} does not start with kind 'begun'`, MEND, whole);
    return whole;
}

/** Reads one journal without touching it. */
export function readJournal(id: string, folder = journalFolder()): JournalEntry[] {
    if (!/^[\w.@-]+$/.test(id) || !existsSync(fileOf(folder, id)))
        throw new JournalError(`there is no journal '${id.slice(0, 80)}' in ${folder}`);
    return parseEntries(fileOf(folder, id));
}

/** Ids of all journals, by name. */
export const listJournals = (folder = journalFolder()): string[] =>
    existsSync(folder)
        ? readdirSync(folder)
              .filter((name) => name.endsWith(".jsonl"))
              .map((name) => name.slice(0, -".jsonl".length))
              .sort()
        : [];

/** Says of a journal that cannot be read what its operation may be. */
function leftOut(id: string, { fact, next, entries }: UnreadError): Finding {
    const [first, ...more] = entries;
    const rest = more.filter((entry) => entry !== undefined);
    const { verb, backend } = first?.kind === "begun" ? (first.data as Begun) : {};
    const operation = verb === undefined ? "operation" : `\`${verb}\` of ${backend ?? ""}`;
    const end = isOpen(rest)
        ? "may have been cut short, and nothing goes on with it"
        : `is ${endedOf(rest)?.outcome ?? ""}`;
    return {
        state: "warning",
        subject: `journal ${id}`,
        fact: `${fact}; it is left out with all that it has saved; its ${operation} ${end}`,
        next,
    };
}

/** Entries of all journals that can be read and are not empty, as their operations were begun, and what cannot be read. */
export function readJournals(folder = journalFolder()): {
    journals: JournalEntry[][];
    unread: Finding[];
} {
    const journals: JournalEntry[][] = [];
    const unread: Finding[] = [];
    for (const id of listJournals(folder)) {
        try {
            const entries = parseEntries(fileOf(folder, id));
            if (entries.length > 0) journals.push(entries);
        } catch (error) {
            if (!(error instanceof UnreadError)) throw error;
            unread.push(leftOut(id, error));
        }
    }
    return { journals: inOrder(journals), unread };
}

/** Journals that everything which searches among all leaves out; to be told once by each command. */
export const unreadJournals = (folder = journalFolder()): Finding[] => readJournals(folder).unread;

/** Operations of these journals that can be gone on with, in their order. */
export const openIn = (all: readonly JournalEntry[][]): Begun[] =>
    all.filter((entries) => isOpen(entries) && followerOf(entries, all) === undefined).map(begunOf);

/** Operations that can be gone on with, oldest first. */
export const openOperations = (folder = journalFolder()): Begun[] =>
    openIn(readJournals(folder).journals);

/** The newest journal of a backend that an operation of this verb can go on with. */
export const openJournalOf = (
    verb: string,
    backend: BackendKey,
    folder = journalFolder(),
): string | undefined =>
    openOperations(folder).findLast((begun) => begun.verb === verb && isSameBackend(begun, backend))
        ?.id;

function firstOf(file: string): JournalEntry | undefined {
    try {
        const [line = ""] = textOf(file).split("\n", 1);
        return entryIn(line);
    } catch (error) {
        if (error instanceof UnreadError) return undefined;
        throw error;
    }
}

/** The next journal's place among those that are in the folder. @param now the machine's clock, UTC, ISO 8601 */
export function nextPlace(folder: string, now: string): Required<Pick<Begun, "order" | "clock">> {
    // Those that are broken below count, too: their operations were begun before this one all the same.
    const firsts = listJournals(folder).map((id) => firstOf(fileOf(folder, id)));
    const orders = [0];
    const clocks = [now];
    for (const first of firsts) {
        const { order, clock = first?.at } = (first?.data ?? {}) as Partial<Begun>;
        if (typeof order === "number") orders.push(order);
        if (typeof clock === "string") clocks.push(clock);
    }
    return { order: Math.max(...orders) + 1, clock: clocks.reduce((a, b) => (a > b ? a : b)) };
}
