import { blocker } from "../core/blocker";
import type { Finding } from "../core/finding";
import { wordsOf } from "../core/problem";
import type { Role } from "../core/topology/site";
import type { CephSite } from "./cephSite";
import type { Journal } from "./journal";
import { whoAmI } from "./operator";
import { RefusedError } from "./operationEnd";
import type { RunOptions } from "./run";
import { LockedError, MIRROR_KEY, NoWritesError, SiteLock } from "./siteLock";
import { InterruptedError } from "./wait";

/** A lock beside the backend's own: of another pool, or with another key. */
export interface FurtherLock {
    pool: string;
    key?: string;
}

export interface Locks {
    /** Sites whose lock is needed; they must be alive. */
    locks: readonly Role[];
    /** What nobody else may touch there meanwhile, by what the journal allows. Defaults to nothing more. */
    further?: (journal: Journal) => readonly FurtherLock[];
}

/** One order for all: of two that want some of the same locks, the other way round, both would be refused. */
const inOrder = (locks: readonly FurtherLock[]): FurtherLock[] => {
    const textOf = ({ pool, key = "" }: FurtherLock) => `${key} ${pool}`;
    return [...locks].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
};

/** A planned failover that meets a dead primary cannot go on; what takes its place is said where that is seen. */
function hinted(error: unknown, role: Role, { id, verb }: { id: string; verb: string }): unknown {
    if (error instanceof NoWritesError)
        return new RefusedError(`refused, nothing was changed: ${error.message}`, [
            blocker(`site ${error.site}`, error.fact, error.next),
        ]);
    if (role !== "primary" || verb !== "failover --planned") return error;
    return new Error(
        `${wordsOf(error)}; if that site is dead: \`cinder-dr failover --forced --break-lock ${id}\` takes this one's place`,
        { cause: error },
    );
}

const watch = ({ site }: CephSite): string =>
    `see that no other forced failover to ${site.name} runs meanwhile`;

/** A lock that another topology's operation does not look for. */
const alone = (at: CephSite, { pool }: FurtherLock, why: string): Finding => ({
    state: "warning",
    subject: `site ${at.site.name}`,
    fact: `which of its pools are mirrored cannot be seen (${why}), so its rbd-mirror's lock lies in pool ${pool}, where another topology does not look`,
    next: `${watch(at)}; its Ceph user needs osd 'profile rbd' for every mirrored pool`,
});

const untaken = (at: CephSite, { pool, key }: FurtherLock, error: unknown): Finding => ({
    state: "warning",
    subject: key === MIRROR_KEY ? `rbd-mirror of site ${at.site.name}` : `pool ${pool}`,
    fact: `its lock cannot be taken: ${wordsOf(error)}`,
    next: key === MIRROR_KEY ? watch(at) : "see that nobody moves its backend meanwhile",
});

/** Holds the lock of the backend's pool, and others where it may touch more than that, while something is done. */
export async function withLocks(
    options: RunOptions,
    journal: Journal,
    { locks: roles, further = () => [] }: Locks,
    body: (stillMine: () => Promise<void>) => Promise<void>,
): Promise<void> {
    const { id, verb } = journal.begun;
    // Not who began it: another machine that drives the same operation must be seen to be another.
    const owner = { id, who: whoAmI(), verb, before: journal.before };
    const own: FurtherLock = { pool: options.backend.pool };
    const wanted = inOrder([own, ...further(journal)]);
    const locks: SiteLock[] = [];
    const take = async (role: Role, lock: FurtherLock): Promise<void> => {
        const at = options.parts.sites[role];
        try {
            const taken = await SiteLock.take(
                at,
                lock.pool,
                owner,
                options.breakLock,
                options,
                lock.key,
            );
            locks.push(taken);
            if (taken.unseen !== undefined) options.found(alone(at, lock, taken.unseen));
        } catch (error) {
            if (error instanceof LockedError || error instanceof InterruptedError) throw error;
            if (lock === own) throw hinted(error, role, owner);
            options.found(untaken(at, lock, error));
        }
    };
    try {
        for (const role of roles) for (const lock of wanted) await take(role, lock);
        await body(async () => {
            await Promise.all(locks.map((lock) => lock.check()));
        });
    } finally {
        const release = (lock: SiteLock) =>
            lock.release().catch((error: unknown) => {
                options.found({
                    state: "warning",
                    subject: "lock",
                    fact: `could not be given back: ${wordsOf(error)}`,
                    next: `the next operation takes it over with --break-lock ${id}`,
                });
            });
        await Promise.all(locks.map(release));
    }
}
