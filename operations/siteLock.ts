import { randomBytes } from "node:crypto";

import { stoppedWrites } from "../core/room";
import type { CephSite } from "./cephSite";
import { goneWorker, isKnownGone, ownWorker, type Claim } from "./worker";
import { isKnownOver } from "./atWork";
import { LockedError, unknownHolder, type Holder } from "./lockHolder";
import type { RunOptions } from "./run";
import { pause } from "./wait";

export { LockedError };

/** RADOS object of a backend's lock, in its pool. */
const KEY = "cinder-dr.lock";
/**
 * Of the lock of a site's rbd-mirror, which serves all pools there, whatever topology they are of: so it lies where the
 * cluster, and no topology, says.
 */
export const MIRROR_KEY = "cinder-dr.rbd-mirror.lock";
const RENEW_MILLISECONDS = 15_000;
const LOCK_SECONDS = 30;
/** A holder that has not renewed the lock for so long, four times in a row, is taken to be gone. */
const SILENT_SECONDS = 60;
const LOOK_SECONDS = 5;

/** This process's own: a machine, a user and an operation may have another one that holds the lock. */
const WORD = randomBytes(8).toString("hex");

/** Who waits for a holder's sign of life is told so, and may be interrupted. */
export type Waiter = Pick<RunOptions, "doing" | "signal">;

interface Owner extends Pick<Holder, "id" | "who" | "verb"> {
    /** The process whose place this one takes in its operation; once it is known to be gone, the lock is taken at once. */
    before?: Claim | undefined;
}

interface Answer {
    held: boolean;
    by?: Holder;
    /** Flags that keep the lock from being written. */
    flags?: string[];
    /** Where the cluster's own lock lies. */
    pool?: string;
    /** Why it lies where only this topology looks for it. */
    unseen?: string | null;
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
 * renews it, and nothing but its own operation or an explicit break takes it over: at once from a process that this machine
 * knows to be gone, and from any other only after it fell silent, since two machines may drive one operation.
 */
export class SiteLock {
    private timer: NodeJS.Timeout | undefined;
    /** The renewal that is under way: one that comes after the release would make the lock again. */
    private renewal: Promise<unknown> = Promise.resolve();
    private readonly content: Omit<Holder, "renewed">;
    /** Whether the cluster has still to be asked where its lock lies. */
    private isToPlace: boolean;
    /** Why another topology would not find it. */
    unseen: string | undefined;
    private readonly gone: Claim | undefined;

    private constructor(
        private readonly at: CephSite,
        private pool: string,
        { before, ...owner }: Owner,
        private readonly key: string,
    ) {
        this.isToPlace = key === MIRROR_KEY;
        this.gone = before === undefined ? undefined : goneWorker(before);
        this.content = {
            ...owner,
            since: new Date().toISOString(),
            word: WORD,
            worker: ownWorker(),
        };
    }

    /**
     * @param broken id of the operation whose lock may be taken over, by the operator's word
     * @param waiter asked to wait a minute where another machine seems to drive the same operation
     * @throws LockedError naming the holder, NoWritesError where the pool is full or its cluster paused, InterruptedError
     */
    static async take(
        at: CephSite,
        pool: string,
        owner: Owner,
        broken: string | undefined,
        waiter: Waiter,
        key = KEY,
    ): Promise<SiteLock> {
        const lock = new SiteLock(at, pool, owner, key);
        const answer = await lock.inherit(await lock.claim(broken), waiter);
        const stopped = stoppedWrites(answer.flags ?? [], lock.pool);
        if (stopped !== undefined)
            throw new NoWritesError(at.site.name, stopped.fact, stopped.next);
        if (!answer.held) throw lock.refusal(answer);
        lock.timer = setInterval(() => {
            // A renewal that fails is tried again; who finds the lock silent watches it before taking it.
            lock.renewal = lock.ask("renew").catch(() => undefined);
        }, RENEW_MILLISECONDS);
        lock.timer.unref();
        return lock;
    }

    private async claim(broken?: string): Promise<Answer> {
        const answer = await this.ask("lock", {
            ...(broken === undefined ? {} : { break: broken }),
            ...(this.gone === undefined ? {} : { gone: this.gone }),
        });
        const holder = answer.held ? undefined : answer.by?.id;
        if (holder === undefined || !isKnownOver(holder)) return answer;
        // It could not be given back at the end of its operation, as when the site died just then.
        return this.ask("lock", { break: holder });
    }

    /**
     * Takes the lock over from another process of the same operation. No clock is asked: those of two machines may differ,
     * and one may be set; the holder's signs of life are awaited here instead.
     */
    private async inherit(answer: Answer, { doing, signal }: Waiter): Promise<Answer> {
        const { by } = answer;
        // One of before cannot be seen to renew.
        if (answer.held || by?.id !== this.content.id || by.word === undefined) return answer;
        const { who, word, renewed, worker } = by;
        const instead = () => this.ask("lock", { instead: { word, renewed } });
        if (worker !== undefined && isKnownGone(worker)) return instead();
        for (let silent = 0; silent < SILENT_SECONDS; silent += LOOK_SECONDS) {
            doing(
                `${who} holds the lock of site ${this.at.site.name} for this operation, silent for ${String(silent)} s: waiting to see whether it lives`,
            );
            await pause(LOOK_SECONDS * 1000, signal);
            const again = await this.ask("lock");
            if (again.by?.word !== word || again.by.renewed !== renewed) return again;
        }
        return instead();
    }

    /** @throws LockedError when somebody has taken the lock over: the operation must then stop */
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
        return new LockedError(this.at.site.name, by ?? unknownHolder(), this.content.id);
    }

    private async ask(verb: string, more: object = {}): Promise<Answer> {
        const content = { ...this.content, renewed: new Date().toISOString() };
        const placed = this.isToPlace ? { ofCluster: true } : {};
        const question = { do: verb, key: this.key, content, ...placed, ...more };
        const answer = await this.at.pool<Answer>(this.pool, question, LOCK_SECONDS);
        if (!this.isToPlace) return answer;
        this.isToPlace = false;
        this.pool = answer.pool ?? this.pool;
        this.unseen = answer.unseen ?? undefined;
        return answer;
    }
}
