import { wordsOf } from "../core/problem";
import type { Role } from "../core/topology/site";
import type { Journal } from "./journal";
import type { RunOptions } from "./run";
import { LockedError, SiteLock } from "./siteLock";

export interface Locks {
    /** Sites whose lock is needed; they must be alive. */
    locks: readonly Role[];
    /** Further pools there that nobody else may move meanwhile. */
    pools?: readonly string[];
}

/** A planned failover that meets a dead primary cannot go on; what takes its place is said where that is seen. */
function hinted(error: unknown, role: Role, { id, verb }: { id: string; verb: string }): unknown {
    if (role !== "primary" || verb !== "failover --planned") return error;
    return new Error(
        `${wordsOf(error)}; if that site is dead: \`cinder-dr failover --forced --break-lock ${id}\` takes this one's place`,
        { cause: error },
    );
}

/** Holds the lock of the backend's pool, and of others where it may touch their backends, while something is done. */
export async function withLocks(
    options: RunOptions,
    journal: Journal,
    { locks: roles, pools = [] }: Locks,
    body: (stillMine: () => Promise<void>) => Promise<void>,
): Promise<void> {
    const { id, who, verb } = journal.begun;
    const owner = { id, who, verb };
    const locks: SiteLock[] = [];
    try {
        for (const role of roles) {
            const at = options.parts.sites[role];
            const take = async (pool: string, otherwise: (error: unknown) => void) => {
                try {
                    locks.push(await SiteLock.take(at, pool, owner, options.breakLock));
                } catch (error) {
                    if (error instanceof LockedError) throw error;
                    otherwise(error);
                }
            };
            await take(options.backend.pool, (error) => {
                throw hinted(error, role, owner);
            });
            for (const pool of pools)
                await take(pool, (error) => {
                    options.found({
                        state: "warning",
                        subject: `pool ${pool}`,
                        fact: `its lock cannot be taken: ${wordsOf(error)}`,
                        next: "see that nobody moves its backend meanwhile",
                    });
                });
        }
        await body(async () => {
            for (const lock of locks) await lock.check();
        });
    } finally {
        for (const lock of locks)
            await lock.release().catch((error: unknown) => {
                options.found({
                    state: "warning",
                    subject: "lock",
                    fact: `could not be given back: ${wordsOf(error)}`,
                    next: `the next operation takes it over with --break-lock ${id}`,
                });
            });
    }
}
