/** One kill of a run. */
export interface Kill {
    number: number;
    /** Part of a whole run after which it is killed, from 0 to a little over 1. */
    at: number;
    /** The engine alone, or its whole process group. */
    alone: boolean;
    /** As soon as a push is at work, whatever part of the run that is. */
    inPush: boolean;
}

/** One in so many waits for a push: of a few random moments none may meet one. */
export const PUSH_EACH = 10;

/** Early and late moments as often as any: each kill has a slice of the run of its own. The last slices are past its usual end. */
const LENGTH = 1.05;

/** Random numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function random(seed: number): () => number {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

/** Kills over a whole run, in random order, of the engine alone and of the group in turn. */
export function planKills(count: number, seed: number): Kill[] {
    const next = random(seed);
    return Array.from({ length: count }, (_, i) => ({
        at: ((i + next()) / count) * LENGTH,
        alone: i % 2 === 0,
        order: next(),
    }))
        .sort((a, b) => a.order - b.order)
        .map(({ at, alone }, i) => ({ number: i + 1, at, alone, inPush: i % PUSH_EACH === 0 }));
}
