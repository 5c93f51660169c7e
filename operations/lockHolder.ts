import type { Claim } from "./worker";

/** What the lock's object says of who holds it. */
export interface Holder {
    /** The operation's id. */
    id: string;
    who: string;
    verb: string;
    since: string;
    /** The process's own word: no other has it, whatever the two have in common. Locks of before lack it. */
    word?: string;
    /** When it was made or last renewed, by the holder's own clock: to show, and to see that it changes. */
    renewed?: string;
    /** Where it runs; see `isKnownGone`. */
    worker?: Claim;
}

/** Another operation holds the lock, or another process of the same one. */
export class LockedError extends Error {
    override readonly name = "LockedError";
    constructor(
        site: string,
        readonly by: Holder,
        /** Id of the operation that wants the lock. */
        wanting?: string,
    ) {
        super(
            `site ${site}: ${by.who} runs \`${by.verb}\` since ${by.since} (operation ${by.id})${signOf(by)}${wayOf(by, wanting)}`,
        );
    }
}

const signOf = ({ renewed }: Holder): string =>
    renewed === undefined
        ? ""
        : `; it renewed the lock at ${renewed} by its own clock, and does so every 15 s while it lives`;

/** What to do about a lock that may be a dead process's. */
const wayOf = ({ id }: Holder, wanting?: string): string =>
    id === wanting
        ? `; that is this very operation: wait for its end; when that process is known to be gone, --break-lock ${id} goes on`
        : `; when it is known to be gone, \`cinder-dr resume ${id}\` there goes on, --break-lock ${id} here takes over`;

/** Nobody can be named when the lock was given back between two looks. */
export const unknownHolder = (): Holder => ({
    id: "unknown",
    who: "somebody",
    verb: "an operation",
    since: "just now",
});
