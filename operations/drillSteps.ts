import { wordsOf } from "../core/problem";
import { drillNames, removeSeconds, rounded } from "../core/drill";
import * as rbd from "../core/rbd";
import { snapshotsOn, type Candidate } from "./drillImages";
import { AT_A_TIME, inParallel } from "./parallel";
import { waitFor, WaitError } from "./wait";

/** A snapshot that was removed leaves the other site when rbd-mirror has replayed that. */
const GONE_SECONDS = 120;
/** Slower than this, a site's disks are so busy that a drill should not read them. */
const COMPARE_BYTES_PER_SECOND = 10_000_000;
const COMPARE_SECONDS = 120;

const specOf = ({ image }: Candidate): string => `${image.pool}/${image.image}`;
const cloneOf = ({ image }: Candidate): string => `${image.pool}/${image.clone}`;

export async function snapshotIt(at: Candidate, snapshot: string): Promise<void> {
    await at.from.rbd(rbd.createSnapshot(specOf(at), snapshot));
}

/** @param asked when the snapshot was asked for, by `performance.now()` */
export async function replicateIt(
    at: Candidate,
    snapshot: string,
    asked: number,
    limit: { seconds: number; signal: AbortSignal },
): Promise<void> {
    await waitFor(
        async () => ((await snapshotsOn(at.to, specOf(at))).includes(snapshot) ? true : undefined),
        { what: `the snapshot to reach ${at.to.site.name}`, ...limit },
    );
    at.image.rpoSeconds = rounded((performance.now() - asked) / 1000);
}

export async function cloneIt(at: Candidate, snapshot: string): Promise<void> {
    const start = performance.now();
    await at.to.rbd(rbd.cloneSnapshot(specOf(at), snapshot, cloneOf(at)));
    at.image.cloneSeconds = rounded((performance.now() - start) / 1000);
}

/** Reads the snapshot here and the clone there, whole. */
export async function compareIt(at: Candidate, snapshot: string): Promise<void> {
    const seconds = COMPARE_SECONDS + Math.ceil(at.image.sizeBytes / COMPARE_BYTES_PER_SECOND);
    const [from, to] = await Promise.all([
        at.from.sha256(`${specOf(at)}@${snapshot}`, seconds),
        at.to.sha256(cloneOf(at), seconds),
    ]);
    at.image.fromSha256 = from;
    at.image.toSha256 = to;
}

/**
 * Removes clones and snapshots of this run, in the order Ceph allows; what is not there is no error. rbd-mirror replays a
 * removal some seconds later, so all are removed before the first is waited for.
 * @returns what could not be removed, as `site: pool/image`
 */
export async function tearDown(
    candidates: readonly Candidate[],
    id: string,
    signal: AbortSignal,
): Promise<string[]> {
    const left: string[] = [];
    const removed = async (name: string, work: () => Promise<unknown>): Promise<boolean> => {
        try {
            await work();
            return true;
        } catch (error) {
            left.push(`${name} (${wordsOf(error)})`);
            return false;
        }
    };
    try {
        const going = await inParallel(candidates, AT_A_TIME, signal, (at) =>
            removeIt(at, id, removed),
        );
        const awaited = candidates.filter((_, i) => going[i]);
        await inParallel(awaited, AT_A_TIME, signal, (at) => awaitGone(at, id, signal, removed));
    } catch (error) {
        if (!(error instanceof WaitError)) throw error;
        left.push(`whatever is called ${drillNames(id, "").snapshot}* (${error.message})`);
    }
    return left;
}

type Removed = (name: string, work: () => Promise<unknown>) => Promise<boolean>;

/** @returns whether the snapshot can go from the other site: its clone and the snapshot it is a copy of are removed */
async function removeIt(at: Candidate, id: string, removed: Removed): Promise<boolean> {
    const { from, to, image } = at;
    const { snapshot } = drillNames(id, image.image);
    const cloneGone = await removed(`${to.site.name}: ${cloneOf(at)}`, () =>
        to.rbdIfThere(rbd.removeImage(cloneOf(at)), removeSeconds(image.sizeBytes)),
    );
    const snapshotGone = await removed(`${from.site.name}: ${specOf(at)}@${snapshot}`, () =>
        from.rbdIfThere(rbd.removeSnapshot(specOf(at), snapshot)),
    );
    return cloneGone && snapshotGone;
}

async function awaitGone(at: Candidate, id: string, signal: AbortSignal, removed: Removed) {
    const { to, image } = at;
    const { snapshot } = drillNames(id, image.image);
    const isGone = async () => !(await snapshotsOn(to, specOf(at))).includes(snapshot);
    await removed(`${to.site.name}: ${specOf(at)}@${snapshot}`, () =>
        waitFor(async () => ((await isGone()) ? true : undefined), {
            what: "it to go with the snapshot that was removed",
            seconds: GONE_SECONDS,
            signal,
        }),
    );
}
