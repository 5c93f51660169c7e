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
        options?: ErrorOptions,
    ) {
        super(message, options);
    }
}

/** A journal, opened or only read. */
type Read = Pick<Journal, "id" | "entries">;

/** A step that was begun may have changed something; a look did not. */
const hasActed = (journal: Read): boolean =>
    journal.entries.some((e) => e.kind === "started" || e.kind === "noted");

/** Notes of what a refusal does not take back; a freeze and a stop of rbd-mirror it does. */
const CHANGES =
    /^(?:failover-host|stopping|saved rows|stopped|rows written|discarding|demoted|resynced)$/;
/** Notes of a change that was agreed to for good: nothing has to be done about it. */
const MARKS = /^rows before mark on /;

/** Notes of hosts that an operation has frozen, and has thawed again. */
export const FROZEN = "frozen";
export const THAWED = "thawed";

const isFrozen = ({ entries }: Read): boolean => {
    const last = (step: string) => entries.findLastIndex((e) => e.step === step);
    return last(FROZEN) > Math.max(last(THAWED), last("thaw"));
};

const hasNoted = ({ entries }: Read, steps: RegExp): boolean =>
    entries.some((e) => e.kind === "noted" && steps.test(e.step ?? ""));

/** Whether hosts, images or rows are no longer as the operation found them. */
export const hasChanged = (journal: Read): boolean =>
    hasNoted(journal, CHANGES) || hasNoted(journal, MARKS);

/** Whether there is nothing to go on with: nothing is changed, or another operation has done what this one was for. */
const isOver = ({ blockers }: RefusedError, journal: Read): boolean =>
    !isFrozen(journal) &&
    !hasNoted(journal, CHANGES) &&
    (!hasNoted(journal, MARKS) || blockers.some(({ isSo }) => isSo));

/** How the journal of a failed operation ends. One that is refused is over; every other can be gone on with. */
export function endOf(error: unknown, journal: Read): Ended {
    const { id } = journal;
    const fact = wordsOf(error);
    const again = `\`cinder-dr resume ${id}\``;
    if (!hasActed(journal)) return { outcome: "refused", fact, left: [] };
    if (error instanceof LockedError)
        return { outcome: "partial", fact, left: [`when that operation has ended, ${again}`] };
    if (error instanceof RefusedError) {
        if (isOver(error, journal)) return { outcome: "refused", fact, left: [] };
        const isSo = fact.replace(/^refused, nothing was changed/, "refused to go on");
        const stops = error.blockers.map((b) => `${b.subject}: ${b.fact}; next: ${b.next}`);
        return { outcome: "partial", fact: isSo, left: [...stops, `then ${again}`] };
    }
    if (error instanceof PartialError) return { outcome: "partial", fact, left: [...error.left] };
    return {
        outcome: /^interrupted/.test(fact) ? "interrupted" : "failed",
        fact,
        left: [`see why, then ${again}`],
    };
}

/** What the command line is told: an operation that has changed something is done in part, whatever ended it. */
export function toldOf(error: unknown, ended: Ended, journal: Read): unknown {
    const isDone =
        ended.outcome === "partial" || (ended.outcome !== "refused" && hasChanged(journal));
    if (!isDone || error instanceof PartialError) return error;
    return new PartialError(ended.fact, ended.left, { cause: error });
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
