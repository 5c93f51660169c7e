/** What was waited for did not come true in time. */
export class WaitError extends Error {
    override readonly name: string = "WaitError";
}

/** The user does not want to wait any longer. */
export class InterruptedError extends WaitError {
    override readonly name = "InterruptedError";
    constructor() {
        super("interrupted");
    }
}

export interface WaitOptions {
    /** Completes «gave up after N s waiting for …». */
    what: string;
    seconds: number;
    signal: AbortSignal;
    /** The last thing seen, for the error. */
    last?: () => string;
    /**
     * Milliseconds between two questions. Defaults to a fiftieth of what was waited, or twice what the question itself took,
     * between 500 and 5000.
     */
    every?: number;
}

const [SHORTEST, LONGEST] = [500, 5000];
/** A question is work for who answers it: a look at a thousand volumes keeps Cinder's API busy for seconds. */
const REST = 2;
const pauseAfter = (waited: number, asking: number): number =>
    Math.min(Math.max(waited / 50, asking * REST, SHORTEST), LONGEST);

/** Resolves after `milliseconds`, or rejects at once when the signal is aborted. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
        const stop = () => {
            clearTimeout(timer);
            reject(new InterruptedError());
        };
        if (signal.aborted) {
            reject(new InterruptedError());
            return;
        }
        const timer = setTimeout(() => {
            signal.removeEventListener("abort", stop);
            resolve();
        }, milliseconds);
        signal.addEventListener("abort", stop, { once: true });
    });

/**
 * Asks again and again until the answer is not undefined.
 * @throws WaitError after `seconds`, naming what was seen last
 */
export async function waitFor<T>(
    ask: () => Promise<T | undefined>,
    { what, seconds, signal, last, every }: WaitOptions,
): Promise<T> {
    const start = performance.now();
    for (;;) {
        const asked = performance.now();
        const answer = await ask();
        if (answer !== undefined) return answer;
        const now = performance.now();
        const waited = now - start;
        if (waited >= seconds * 1000) {
            const seen = last?.() ?? "";
            throw new WaitError(
                `gave up after ${String(seconds)} s waiting for ${what}${seen === "" ? "" : `; last seen: ${seen}`}`,
            );
        }
        await pause(every ?? pauseAfter(waited, now - asked), signal);
    }
}
