import {
    begunOf,
    DISCARDING,
    endedOf,
    isMove,
    RESYNC_ONLY,
    type Begun,
    type JournalEntry,
} from "./operation";

const machineOf = ({ who }: Begun): string => who.slice(who.lastIndexOf("@") + 1);

/**
 * Whether an operation was begun after another one: on one machine by the order in which their journals were made, since a
 * clock that is set back would turn them round; else by the machines' clocks.
 */
export function isLater(
    entries: readonly JournalEntry[],
    others: readonly JournalEntry[],
): boolean {
    const [one, other] = [begunOf(entries), begunOf(others)];
    const [a, b] = [one.order, other.order];
    const areOrdered = a !== undefined && b !== undefined && a !== b;
    if (areOrdered && machineOf(one) === machineOf(other)) return a > b;
    return (entries[0]?.at ?? "") > (others[0]?.at ?? "");
}

/**
 * Operations as they were begun: those of one machine by the order of their journals, as in {@link isLater}. Those of several
 * are told by the clocks; one that was set back counts as it was before.
 * @param all entries of every journal, none of them empty
 */
export function inOrder(all: readonly JournalEntry[][]): JournalEntry[][] {
    const latest = new Map<string, string>();
    return all
        .map((entries) => ({ entries, begun: begunOf(entries), at: entries[0]?.at ?? "" }))
        .sort((a, b) => (a.begun.order ?? 0) - (b.begun.order ?? 0) || (a.at < b.at ? -1 : 1))
        .map(({ entries, begun, at }) => {
            const machine = machineOf(begun);
            const before = latest.get(machine) ?? "";
            const by = at > before ? at : before;
            latest.set(machine, by);
            return { entries, by };
        })
        .sort((a, b) => (a.by === b.by ? 0 : a.by < b.by ? -1 : 1))
        .map(({ entries }) => entries);
}

/** The operation of the same backend that was begun after another one and is done, if there is one. @returns its id */
function laterDone(
    entries: readonly JournalEntry[],
    all: readonly (readonly JournalEntry[])[],
    counts: (verb: string) => boolean,
): string | undefined {
    const { backend } = begunOf(entries);
    const later = all.find((others) => {
        if (others.length === 0 || !isLater(others, entries)) return false;
        const other = begunOf(others);
        const isSame = other.backend === backend && counts(other.verb);
        return isSame && endedOf(others)?.outcome === "done";
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
    const { backend } = begunOf(entries);
    const later = all.find(
        (others) =>
            others.length > 0 &&
            isLater(others, entries) &&
            begunOf(others).backend === backend &&
            others.some(({ step }) => step === DISCARDING),
    );
    return later === undefined ? undefined : begunOf(later).id;
}
