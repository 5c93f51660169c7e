import type { ClientErrorExtensions } from "ssh2";

import type { Hop } from "../core/topology/connection";

/** sshd's MaxStartups is 10:30:100 by default: from the eleventh connection that is not logged in yet it drops some. */
const DIALS_AT_A_TIME = 8;
/** Milliseconds until a dropped dial is made again; a random time, or all would come at once again. */
const [SHORTEST, LONGEST] = [200, 1000];

type DialFault = ErrorOptions & { cause?: NodeJS.ErrnoException & ClientErrorExtensions };

const causeOf = (error: unknown): DialFault["cause"] => (error as DialFault).cause;

/** Whether sshd has closed the connection without a word of SSH, as it does above its MaxStartups. */
const isDropped = (error: unknown): boolean => {
    const cause = causeOf(error);
    return cause?.code === "ECONNRESET" || /lost before handshake/i.test(cause?.message ?? "");
};

/** Whether nobody was there: who waits for a dial of his own would wait as long, for the same. */
const isUnreachable = (error: unknown): boolean =>
    !isDropped(error) && /^client-(?:timeout|socket|dns)$/.test(causeOf(error)?.level ?? "");

/** Those who wait for their turn to dial, and how many dial just now. */
class Queue {
    private dialing = 0;
    private readonly waiting: { begin: () => void; fail: (error: unknown) => void }[] = [];

    async turn<T>(dial: () => Promise<T>): Promise<T> {
        if (this.dialing >= DIALS_AT_A_TIME)
            await new Promise<void>((begin, fail) => this.waiting.push({ begin, fail }));
        else this.dialing++;
        try {
            return await dial();
        } catch (error) {
            if (isUnreachable(error)) for (const { fail } of this.waiting.splice(0)) fail(error);
            throw error;
        } finally {
            // The turn passes on, and with it the count.
            const next = this.waiting.shift();
            if (next === undefined) this.dialing--;
            else next.begin();
        }
    }
}

const queues = new Map<string, Queue>();

/**
 * Dials a jump host, at most eight at a time of this process, whatever hosts are behind it; once more where the connection
 * was dropped before SSH's handshake. Who waits fails with the first dial that finds nobody there.
 * @param dial ends once the connection is logged in; its errors have ssh2's own one as their cause
 */
export async function dialJumpHost<T>({ address, port }: Hop, dial: () => Promise<T>): Promise<T> {
    const key = `${address} ${String(port)}`;
    const queue = queues.get(key) ?? new Queue();
    queues.set(key, queue);
    return queue.turn(async () => {
        try {
            return await dial();
        } catch (error) {
            if (!isDropped(error)) throw error;
            const milliseconds = SHORTEST + Math.random() * (LONGEST - SHORTEST);
            await new Promise((resolve) => setTimeout(resolve, milliseconds));
            return dial();
        }
    });
}
