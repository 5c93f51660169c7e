import type { Finding } from "../core/finding";
import type { Begun, Ended, Source } from "../core/operation";
import type { Blocker } from "../core/blocker";
import { consentFlag, type Consent } from "../core/consents";
import type { Consented } from "../core/reportConsents";
import type { Phase } from "../core/reportRuns";
import type { Backend } from "../core/topology";
import type { BackendKey } from "../core/backendKey";
import { backendKey } from "./backendKey";
import { Journal } from "./journal";
import { newOperationId, whoAmI } from "./operator";
import { JournalError, readJournal } from "./journalFolder";
import { moveToGoOnWith } from "./goingOn";
import { endOf, RefusedError, toldOf, untold } from "./operationEnd";
import type { Parts } from "./parts";
import { withLocks, type Locks } from "./withLocks";

/** What an operation is started with. */
export interface RunOptions {
    parts: Parts;
    backend: Backend;
    /** Aborted when the user interrupts: what is under way is finished, nothing new is begun. */
    signal: AbortSignal;
    found: (finding: Finding) => void;
    doing: (what: string) => void;
    /** Consents given, by name. */
    accepted: ReadonlyMap<string, number>;
    /** Id of an operation whose lock may be taken over. */
    breakLock?: string;
    /** Consents given with this command; the journal that it goes on with keeps them. */
    said?: readonly Consented[];
    version: string;
    /** Kept by the journal, for the commands that go on. */
    source?: Source;
    /** Whoever runs it re-attaches the servers after it. Defaults to nobody. */
    reattaches?: boolean;
    /**
     * Told once every host is where it was to go, whatever of the operation fails after that.
     * @param unproven ids of volumes whose image is not seen to be primary there
     */
    moved?: (unproven: readonly string[]) => void;
    /** Shown before anything is done. */
    planned: (lines: string[]) => void;
}

/** An operation under way: its journal, and the time its phases took. */
export interface Run extends RunOptions {
    journal: Journal;
    phases: Phase[];
    /** Fails when somebody took the lock over. */
    stillMine: () => Promise<void>;
    /** What the report lists as left to do, though the operation is done. */
    left: string[];
}

/** Which blockers no consent covers. */
export const stopping = (
    blockers: readonly Blocker[],
    accepted: ReadonlyMap<string, number>,
): Blocker[] => blockers.filter(({ consent }) => consent === undefined || !accepted.has(consent));

/** @throws RefusedError when a consent is missing, or was given for another number of volumes */
export function checkConsents(
    needed: readonly Consent[],
    accepted: ReadonlyMap<string, number>,
): void {
    const missing = needed.filter(({ name, count }) => accepted.get(name) !== count);
    if (missing.length === 0) return;
    const lines = missing.map((consent) => {
        const given = accepted.get(consent.name);
        return `${consentFlag(consent)}${given === undefined ? "" : ` (got ${String(given)})`}: ${consent.means}`;
    });
    throw new RefusedError(`refused: this needs your word for each loss:\n  ${lines.join("\n  ")}`);
}

/** Does a step also for who has interrupted the operation, and counts its time as a phase of the way. */
export async function timed<T>(
    run: Run,
    name: string,
    work: () => Promise<T>,
): Promise<{ result: T; seconds: number }> {
    run.doing(name);
    const start = performance.now();
    const result = await run.journal.always(name, work);
    const seconds = Math.round(performance.now() - start) / 1000;
    run.phases.push({ phase: name, seconds });
    return { result, seconds };
}

/** Does a step, tells of it, and counts its time as a phase of the way. @param tell what came of it; a string is ok */
export async function phase<T>(
    run: Run,
    name: string,
    work: () => Promise<T>,
    tell: (result: T) => string | Omit<Finding, "subject" | "seconds">,
): Promise<T> {
    if (run.signal.aborted) throw new Error("interrupted");
    const { result, seconds } = await timed(run, name, work);
    const told = tell(result);
    const said = typeof told === "string" ? { state: "ok" as const, fact: told } : told;
    run.found({ ...said, subject: name, seconds });
    return result;
}

/**
 * The backend of an operation, before its journal is touched.
 * @throws what the sign-in throws; PartialError where it keeps from its end what has changed something before
 */
async function ownKey({ parts, backend, found }: RunOptions, id?: string): Promise<BackendKey> {
    try {
        return await backendKey(parts, backend);
    } catch (error) {
        if (id === undefined) throw error;
        const journal = { id, entries: readJournal(id) };
        const ended = endOf(error, journal);
        const left = untold(ended);
        if (left !== undefined) found(left);
        throw toldOf(error, ended, journal);
    }
}

/** The journal to go on with, if this verb was cut short on this backend; else a new one. */
async function journalFor(
    options: RunOptions,
    verb: string,
    flags: Begun["flags"],
    id?: string,
): Promise<{ journal: Journal; resumed: boolean }> {
    const { backend, version, said, breakLock } = options;
    const own = await ownKey(options, id);
    const open = moveToGoOnWith(verb, own, id, breakLock);
    if (open !== undefined)
        return { journal: Journal.resume(open, undefined, said, breakLock), resumed: true };
    const begun: Begun = {
        id: newOperationId(verb, backend.section),
        verb,
        ...own,
        who: whoAmI(),
        version,
        flags,
    };
    return { journal: Journal.create(begun), resumed: false };
}

export interface Verb extends Locks {
    verb: string;
    flags: Begun["flags"];
    /** Id to go on with; else a cut-short operation of the same verb is looked for. */
    id?: string;
    /** @returns one sentence about the end */
    body: (run: Run) => Promise<string>;
}

/**
 * Runs one operation with journal and locks, and records its end whatever happens.
 * @returns the operation's id
 */
export async function operate(
    options: RunOptions,
    { verb, flags, id, body, ...locks }: Verb,
): Promise<string> {
    const { journal, resumed } = await journalFor(options, verb, flags, id);
    options.found({
        state: "ok",
        subject: "operation",
        fact: `${journal.id}${resumed ? ": goes on where it was cut short" : ""}`,
    });
    const phases: Phase[] = [];
    const left: string[] = [];
    let fact = "";
    const end = (ended: Ended): void => {
        journal.append({ kind: "noted", step: "phases", data: phases });
        journal.end(ended);
    };
    try {
        await withLocks(options, journal, locks, async (stillMine) => {
            fact = await body({ ...options, journal, phases, stillMine, left });
        });
        // Last of all: a killed one that has its end recorded is not gone on with, and must not hold a lock.
        end({ outcome: "done", fact, left });
        for (const line of left)
            options.found({ state: "warning", subject: "left to do", fact: line });
    } catch (error) {
        const ended = endOf(error, journal);
        try {
            end(ended);
        } catch (trouble) {
            if (!(trouble instanceof JournalError)) throw trouble;
            // A full disk: without its end the operation is one that was killed, and can be gone on with.
            const next = `make room there, then \`cinder-dr resume ${journal.id}\``;
            options.found({ state: "problem", subject: "journal", fact: trouble.message, next });
        }
        const left = untold(ended);
        if (left !== undefined) options.found(left);
        throw toldOf(error, ended, journal);
    } finally {
        journal.close();
    }
    return journal.id;
}
