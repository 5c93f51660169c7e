import type { Pair } from "../core/replica";
import type { CephSite } from "./cephSite";
import { both } from "./parallel";
import type { Run } from "./run";

const GIB = 1 << 30;
/** Images of one question: minutes of two sites' disks, so that little is lost with it, and not more of its own cost. */
const BATCH = { bytes: 32 * GIB, images: 200 };
/** A site whose reads of eight images at a time are slower together, in bytes a second, does not work. */
const SLOWEST = 8 << 20;
/** To find what each image of a batch stores, where none has an object map. */
const LISTING_SECONDS = 600;

export interface Sum {
    sum?: string;
    read?: number;
    whole?: boolean;
    error?: string;
}
export type Sums = Record<string, Sum>;

/** The most that is read of an image; all of the budget where Cinder names no size. */
const mostOf = ({ volume }: Pair, budget: number): number =>
    Math.min((volume.sizeGib ?? Infinity) * GIB, budget);

const bytesOf = (pairs: readonly Pair[], budget: number): number =>
    pairs.reduce((sum, pair) => sum + mostOf(pair, budget), 0);

/** Images in the batches that they are asked for in. */
export function batchesOf(pairs: readonly Pair[], budget: number): Pair[][] {
    const batches: Pair[][] = [];
    let last: Pair[] = [];
    for (const pair of pairs) {
        const isFull =
            last.length >= BATCH.images || bytesOf([...last, pair], budget) > BATCH.bytes;
        if (batches.length === 0 || isFull) batches.push((last = []));
        last.push(pair);
    }
    return batches;
}

/** The sums of a batch's images on the primary and on the secondary, of the same blocks. @throws RemoteError */
export async function sumsOf(
    run: Run,
    batch: readonly Pair[],
    budget: number,
): Promise<[Sums, Sums]> {
    const ask = async (pairs: readonly Pair[], isPart: boolean): Promise<[Sums, Sums]> => {
        const images = pairs.map(({ volume }) => volume.image);
        const part = isPart ? images : [];
        const request = { do: "checksum", images, part, budget, seed: run.journal.id };
        const seconds = LISTING_SECONDS + Math.ceil(bytesOf(pairs, budget) / SLOWEST);
        const { primary, secondary } = run.parts.sites;
        const sums = async (site: CephSite) =>
            (await site.pool<{ images: Sums }>(run.backend.pool, request, seconds)).images;
        return both(sums(primary), sums(secondary));
    };
    const [here, there] = await ask(batch, false);
    // Equal bytes may fit the budget on one side alone, where the other stores zeros as data: a part is read of both then.
    const uneven = batch.filter(({ volume: { image } }) => {
        const [a, b] = [here[image]?.whole, there[image]?.whole];
        return a !== undefined && b !== undefined && a !== b;
    });
    if (uneven.length === 0) return [here, there];
    const [partHere, partThere] = await ask(uneven, true);
    return [
        { ...here, ...partHere },
        { ...there, ...partThere },
    ];
}
