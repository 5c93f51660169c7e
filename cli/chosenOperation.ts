import { begunOf, endedOf, isMove, isOpen, type Begun, type JournalEntry } from "../core/operation";
import { discardedAfter, followerOf } from "../core/operationOrder";
import { notResumed } from "../core/resumable";
import {
    openOperations,
    readJournal,
    readJournals,
    unreadJournals,
} from "../operations/journalFolder";
import { completingFor } from "./completing";
import { UsageError } from "./topologyFile";

/** An operation that is done moved a backend once; what it wrote may still be put back. */
function named(id: string, isUndo: boolean): Begun {
    const entries = readJournal(id);
    const begun = begunOf(entries);
    const follower = followerOf(entries, allJournals());
    if (follower !== undefined)
        throw new UsageError(
            `operation ${id} was followed by ${follower}, which is done: begin a new one`,
        );
    const outcome = endedOf(entries)?.outcome;
    if (!isOpen(entries) && !isUndo)
        throw new UsageError(`operation ${id} is ${outcome ?? ""}: there is nothing to go on with`);
    if (!isMove(begun.verb)) throw new UsageError(wayOf(entries, allJournals()));
    return begun;
}

const allJournals = (): JournalEntry[][] => readJournals().journals;

/** The command that goes on with what is no move, with the words of its own journal. */
const wayOf = (entries: readonly JournalEntry[], all: readonly JournalEntry[][]): string =>
    completingFor(begunOf(entries))(notResumed(entries, all));

/** What to do about operations that are no moves; a sentence each. */
function waysOn(open: readonly Begun[]): string[] {
    const all = allJournals();
    return open.map(({ id }) => wayOf(readJournal(id), all));
}

/** Nothing is found to go on with: what cannot be read may be what is meant. */
const unreadSentences = (): string[] =>
    unreadJournals().map(({ fact, next = "" }) => `${fact}: ${next}`);

/** The operation that is meant: the only move that is open, of the backend that is named; or the one that is named. */
export function chosen(id: string | undefined, isUndo: boolean, backend?: string): Begun {
    if (id !== undefined) {
        const begun = named(id, isUndo);
        if (backend !== undefined && backend !== begun.backend)
            throw new UsageError(
                `operation ${id} is of backend ${begun.backend}, and --backend says ${backend}`,
            );
        return begun;
    }
    const isMeant = (begun: Begun) => backend === undefined || begun.backend === backend;
    const open = openOperations().filter(isMeant);
    // Servers that were stopped for a move wait for its end: their journal is open all the while.
    const moves = open.filter(({ verb }) => isMove(verb));
    const [only, ...more] = moves;
    if (only === undefined)
        throw new UsageError(
            [
                `there is no operation${backend === undefined ? "" : ` of backend ${backend}`} to go on with`,
                ...waysOn(open),
                ...unreadSentences(),
            ].join("; "),
        );
    if (more.length > 0)
        throw new UsageError(
            `several operations were cut short: name one of ${moves.map(({ id: one }) => one).join(", ")}`,
        );
    return only;
}

/** @throws UsageError where what the rows would lead to is being thrown away */
export function refuseUndo({ id }: Begun): void {
    const discarding = discardedAfter(readJournal(id), allJournals());
    if (discarding !== undefined)
        throw new UsageError(
            `operation ${discarding} has begun to throw away what only the primary has: the rows of ${id} stay`,
        );
}
