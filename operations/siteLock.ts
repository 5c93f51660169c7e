import { stoppedWrites } from "../core/room";
import type { CephSite } from "./cephSite";
import { isKnownOver } from "./journal";

/** RADOS object of a backend's lock, in its pool. */
const KEY = "cinder-dr.lock";
/** Of the lock of a site's rbd-mirror, which serves all pools there. */
export const MIRROR_KEY = "cinder-dr.rbd-mirror.lock";
const RENEW_MILLISECONDS = 15_000;
const LOCK_SECONDS = 30;
/** As in host/pool.py: a holder of which nothing was heard for longer may be gone. */
const SILENT_SECONDS = 60;

export interface Holder {
    /** The operation's id. */
    id: string;
    who: string;
    verb: string;
    since: string;
    /** Since it was last renewed, by the cluster's own clock; a living operation renews it every 15 s. */
    silentSeconds: number;
}

interface Answer {
    held: boolean;
    by?: Holder;
    /** Flags that keep the lock from being written. */
    flags?: string[];
}

/** Another operation holds the lock. */
export class LockedError extends Error {
    override readonly name = "LockedError";
    constructor(
        site: string,
        readonly by: Holder,
        /** Id of the operation that wants the lock. */
        wanting?: string,
    ) {
        super(
            `site ${site}: ${by.who} runs \`${by.verb}\` since ${by.since} (operation ${by.id})${wayOf(by, wanting)}`,
        );
    }
}

/** What to do about a lock that may be a dead process's. */
function wayOf({ id, silentSeconds }: Holder, wanting?: string): string {
    const silent = `it has not renewed the lock for ${String(Math.round(silentSeconds))} s`;
    if (id === wanting)
        return `, which is this very operation: wait for its end; ${silent}; after ${String(SILENT_SECONDS)} s of silence the same command goes on, at once with --break-lock ${id} when that process is known to be gone`;
    return silentSeconds > SILENT_SECONDS
        ? `; ${silent} and may be gone: \`cinder-dr resume ${id}\` there goes on, --break-lock ${id} here takes over`
        : "";
}

/** Nobody can write there, so no lock can be made. */
export class NoWritesError extends Error {
    override readonly name = "NoWritesError";
    constructor(
        readonly site: string,
        readonly fact: string,
        readonly next: string,
    ) {
        super(`site ${site}: ${fact}`);
    }
}

/**
 * A lock on a pool of a site, which two operators anywhere see alike. Only one of two can make the object; the holder
 * renews it, and nothing but its own operation or an explicit break takes it over: at once by who held it, and by somebody
 * else only after it fell silent, since two machines may drive one operation.
 */
export class SiteLock {
    private timer: NodeJS.Timeout | undefined;
    /** The renewal that is under way: one that comes after the release would make the lock again. */
    private renewal: Promise<unknown> = Promise.resolve();
    private readonly content: Omit<Holder, "silentSeconds">;

    private constructor(
        private readonly at: CephSite,
        private readonly pool: string,
        owner: { id: string; who: string; verb: string },
        private readonly key: string,
    ) {
        this.content = { ...owner, since: new Date().toISOString() };
    }

    /**
     * @param broken id of the operation whose lock may be taken over, by the operator's word
     * @throws LockedError naming the holder, NoWritesError where the pool is full or its cluster paused
     */
    static async take(
        at: CephSite,
        pool: string,
        owner: { id: string; who: string; verb: string },
        broken?: string,
        key = KEY,
    ): Promise<SiteLock> {
        const lock = new SiteLock(at, pool, owner, key);
        const answer = await lock.claim(broken);
        const stopped = stoppedWrites(answer.flags ?? [], pool);
        if (stopped !== undefined)
            throw new NoWritesError(at.site.name, stopped.fact, stopped.next);
        if (!answer.held) throw lock.refusal(answer);
        lock.timer = setInterval(() => {
            // A renewal that fails is tried again; who finds the lock silent must ask before taking it.
            lock.renewal = lock.ask("renew").catch(() => undefined);
        }, RENEW_MILLISECONDS);
        lock.timer.unref();
        return lock;
    }

    private async claim(broken?: string): Promise<Answer> {
        const answer = await this.ask("lock", broken === undefined ? {} : { break: broken });
        const holder = answer.held ? undefined : answer.by?.id;
        if (holder === undefined || !isKnownOver(holder)) return answer;
        // It could not be given back at the end of its operation, as when the site died just then.
        return this.ask("lock", { break: holder });
    }

    /** @throws LockedError when somebody has broken the lock: the operation must then stop */
    async check(): Promise<void> {
        const answer = await this.ask("renew");
        if (!answer.held) throw this.refusal(answer);
    }

    async release(): Promise<void> {
        clearInterval(this.timer);
        await this.renewal;
        await this.ask("unlock");
    }

    private refusal({ by }: Answer): LockedError {
        return new LockedError(this.at.site.name, by ?? unknown(), this.content.id);
    }

    private ask(verb: string, more: object = {}): Promise<Answer> {
        return this.at.pool<Answer>(
            this.pool,
            { do: verb, key: this.key, content: this.content, ...more },
            LOCK_SECONDS,
        );
    }
}

/** Nobody can be named when the lock was given back between two looks. */
const unknown = (): Holder => ({
    id: "unknown",
    who: "somebody",
    verb: "an operation",
    since: "just now",
    silentSeconds: 0,
});
