import { InterruptedError } from "./wait";

/** Commands at a time over one SSH connection: sshd's MaxSessions is 10 by default, and a site has other users. */
export const AT_A_TIME = 6;

/**
 * Works on all items, at most `limit` at a time, and keeps their order.
 * @throws the first error, after the work that has begun has ended
 */
export async function inParallel<T, R>(
    items: readonly T[],
    limit: number,
    signal: AbortSignal,
    work: (item: T) => Promise<R>,
): Promise<R[]> {
    const results: R[] = [];
    const errors: unknown[] = [];
    let next = 0;
    const worker = async () => {
        for (let at = next++; at < items.length && errors.length === 0; at = next++)
            try {
                if (signal.aborted) throw new InterruptedError();
                results[at] = await work(items[at] as T);
            } catch (error) {
                errors.push(error);
            }
    };
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
    if (errors.length > 0) throw errors[0];
    return results;
}

/** Both results, or the first failure once both have ended: what still works may not outlive the operation. */
export async function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
    await Promise.allSettled([a, b]);
    return [await a, await b];
}
