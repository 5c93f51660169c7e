import { isSameBackend } from "./backendKey";
import {
    begunOf,
    DISCARDING,
    endedOf,
    isMove,
    RESYNC_ONLY,
    type Begun,
    type JournalEntry,
} from "./operation";

/** What tells an operation from those before it. */
function placeOf(entries: readonly JournalEntry[]): Required<Pick<Begun, "clock" | "order">> {
    const { order = 0, clock = entries[0]?.at ?? "" } = begunOf(entries);
    return { clock, order };
}

/**
 * Above 0 where the first operation was begun after the second. Its clock is never behind those of the journals that it
 * found in its folder, and its order is above theirs: a clock that is set back turns nothing round, and neither do
 * journals that are copied together from several folders, each of which counts its own.
 */
function compare(entries: readonly JournalEntry[], others: readonly JournalEntry[]): number {
    const [one, other] = [placeOf(entries), placeOf(others)];
    if (one.clock !== other.clock) return one.clock < other.clock ? -1 : 1;
    return one.order - other.order;
}

/** Whether an operation was begun after another one, as far as their journals tell. */
export const isLater = (
    entries: readonly JournalEntry[],
    others: readonly JournalEntry[],
): boolean => compare(entries, others) > 0;

/** Operations as they were begun. @param all entries of every journal, none of them empty */
export const inOrder = (all: readonly JournalEntry[][]): JournalEntry[][] => all.toSorted(compare);

/** The operation of the same backend that was begun after another one and is done, if there is one. @returns its id */
function laterDone(
    entries: readonly JournalEntry[],
    all: readonly (readonly JournalEntry[])[],
    counts: (verb: string) => boolean,
): string | undefined {
    const begun = begunOf(entries);
    const later = all.find((others) => {
        if (others.length === 0 || !isLater(others, entries)) return false;
        const other = begunOf(others);
        const isMeant = isSameBackend(other, begun) && counts(other.verb);
        return isMeant && endedOf(others)?.outcome === "done";
    });
    return later === undefined ? undefined : begunOf(later).id;
}

/** The later operation that is done and has moved the backend. @returns its id */
export const laterMove = (
    entries: readonly JournalEntry[],
    all: readonly (readonly JournalEntry[])[],
): string | undefined => laterDone(entries, all, (verb) => isMove(verb) && verb !== RESYNC_ONLY);

/**
 * The later operation that makes a move history, so that `resume` does not go on with it: a move that is done, since going
 * on would move the backend again on an old consent. A resync alone outdates only another one; it thaws and starts nothing.
 * @param all entries of every journal
 * @returns its id
 */
export function followerOf(
    entries: readonly JournalEntry[],
    all: readonly (readonly JournalEntry[])[],
): string | undefined {
    const { verb } = begunOf(entries);
    if (!isMove(verb)) return undefined;
    return laterDone(
        entries,
        all,
        (other) => isMove(other) && (other !== RESYNC_ONLY || verb === RESYNC_ONLY),
    );
}

/**
 * A later operation that has begun to throw away what only the designed primary has: rows that lead there must not be
 * put back any more.
 * @returns its id
 */
export function discardedAfter(
    entries: readonly JournalEntry[],
    all: readonly (readonly JournalEntry[])[],
): string | undefined {
    const begun = begunOf(entries);
    const later = all.find(
        (others) =>
            others.length > 0 &&
            isLater(others, entries) &&
            isSameBackend(begunOf(others), begun) &&
            others.some(({ step }) => step === DISCARDING),
    );
    return later === undefined ? undefined : begunOf(later).id;
}
