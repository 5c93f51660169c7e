import type { Blocker } from "../core/blocker";
import type { Finding } from "../core/finding";
import type { Ended } from "../core/operation";
import { wordsOf } from "../core/problem";
import type { Journal } from "./journal";
import { LockedError } from "./siteLock";

/** The operation was refused; nothing was changed. */
export class RefusedError extends Error {
    override readonly name = "RefusedError";
    constructor(
        message: string,
        readonly blockers: readonly Blocker[] = [],
    ) {
        super(message);
    }
}

/** Something is done and something is not; what is left to do is named. */
export class PartialError extends Error {
    override readonly name = "PartialError";
    constructor(
        message: string,
        readonly left: readonly string[],
    ) {
        super(message);
    }
}

/** A step that was begun may have changed something; a look did not. */
const hasActed = (journal: Journal): boolean =>
    journal.entries.some((e) => e.kind === "started" || e.kind === "noted");

/** How the journal of a failed operation ends. */
export function endOf(error: unknown, journal: Journal): Ended {
    const { id } = journal;
    const fact = wordsOf(error);
    if (error instanceof RefusedError || error instanceof LockedError || !hasActed(journal))
        return { outcome: "refused", fact, left: [] };
    if (error instanceof PartialError) return { outcome: "partial", fact, left: [...error.left] };
    return {
        outcome: /^interrupted/.test(fact) ? "interrupted" : "failed",
        fact,
        left: [`see why, then \`cinder-dr resume ${id}\``],
    };
}

/** What is left to do, unless the error names it already: nobody opens a report for it in an outage. */
export function untold({ outcome, fact, left }: Ended): Finding | undefined {
    const next = left.filter((line) => !fact.includes(line));
    if (next.length === 0) return undefined;
    return {
        state: "problem",
        subject: "operation",
        fact: `${outcome}, and not at its end`,
        next: next.join("; "),
    };
}
