import { isSeen, type Pair } from "../core/replica";
import { subjectOf, type Survey } from "../core/survey";
import { ROLES } from "../core/topology/site";
import { batchesOf, sumsOf, type Sum } from "./imageSums";
import { PartialError } from "./operationEnd";
import type { Run } from "./run";
import { RemoteError } from "./remoteError";
import { lookAt } from "./takeSurvey";
import { InterruptedError } from "./wait";

/** What was found equal on both sites. */
interface Equal {
    images: number;
    /** Images compared in whole; the others by a random part, the same on both sides. */
    whole: number;
    /** Read on each side. */
    bytes: number;
}

export interface Compared extends Equal {
    /** Images that somebody has open: what a writer changes meanwhile is no difference of the sites. */
    inUse: number;
}

/** The journal's note of each batch: who goes on does not read those images again. */
const COMPARED = "compared";
interface Note extends Omit<Equal, "images"> {
    images: string[];
    budget: number;
}

/** The bytes of an image are not the same on both sites: writing to it now may overwrite the better copy. */
export class UnequalError extends PartialError {}

/** Batches that were compared before, with no less of each image than now. */
const notesIn = ({ journal }: Run, budget: number): Note[] =>
    journal.entries
        .filter(({ kind, step }) => kind === "noted" && step === COMPARED)
        .map(({ data }) => data as Note)
        .filter((note) => note.budget >= budget);

const totalOf = (notes: readonly Note[]): Equal => ({
    images: notes.reduce((sum, note) => sum + note.images.length, 0),
    whole: notes.reduce((sum, note) => sum + note.whole, 0),
    bytes: notes.reduce((sum, note) => sum + note.bytes, 0),
});

const isInUse = (pair: Pair): boolean => (pair.primary?.users ?? []).length > 0;

/** An image that is not proven equal, and why. */
interface Bad {
    pair: Pair;
    /** Why it could not be read; undefined where its bytes differ. */
    error?: string;
}

/** Compares a batch, and notes what is equal in it. @returns what is not */
async function compareBatch(run: Run, batch: readonly Pair[], budget: number): Promise<Bad[]> {
    const [here, there] = await sumsOf(run, batch, budget);
    const bad: Bad[] = [];
    const equal: { image: string; sum: Sum }[] = [];
    for (const pair of batch) {
        const { image } = pair.volume;
        const [a = {}, b = {}] = [here[image], there[image]];
        const error = a.error ?? b.error;
        if (error !== undefined) bad.push({ pair, error });
        else if (a.sum === undefined || a.sum !== b.sum) bad.push({ pair });
        else equal.push({ image, sum: a });
    }
    const note: Note = {
        images: equal.map(({ image }) => image),
        budget,
        whole: equal.filter(({ sum }) => sum.whole === true).length,
        bytes: equal.reduce((total, { sum }) => total + (sum.read ?? 0), 0),
    };
    if (equal.length > 0) run.journal.append({ kind: "noted", step: COMPARED, data: note });
    return bad;
}

/** Without those that somebody has opened since the comparison was begun. */
async function withoutUsed(run: Run, bad: readonly Bad[]): Promise<Bad[]> {
    if (bad.length === 0) return [];
    const view = await lookAt(run.parts, "primary", run.backend.pool, { users: true });
    const usersOf = (image: string) => (isSeen(view) ? (view.images[image]?.users ?? []) : []);
    return bad.filter(({ pair }) => usersOf(pair.volume.image).length === 0);
}

function refuseBad(run: Run, bad: readonly Bad[]): void {
    if (bad.length === 0) return;
    const facts = bad.map(
        ({ pair, error = "other bytes on each site" }) => `${subjectOf(pair)}: ${error}`,
    );
    const fact = `${String(bad.length)} image(s) are not proven equal: ${facts.join("; ")}`;
    const again = `\`cinder-dr resume ${run.journal.id}\``;
    if (bad.every(({ error }) => error !== undefined))
        throw new PartialError(fact, [`${again} compares those again`]);
    throw new UnequalError(fact, [
        `a writer may have gone on meanwhile: stop it and compare again with ${again}; start no server on them before`,
    ]);
}

/** @throws PartialError where a site is not seen */
function refuseUnseen(run: Run, { views, names }: Survey): void {
    for (const role of ROLES) {
        const view = views[role];
        if (isSeen(view)) continue;
        throw new PartialError(
            `nothing was compared: ${names[role]} cannot be asked: ${view.unseen}`,
            [`\`cinder-dr resume ${run.journal.id}\` compares again`],
        );
    }
}

/** Batch by batch; an error of the sites is no end for what is compared by then. */
async function compareAll(run: Run, pairs: readonly Pair[], budget: number): Promise<Bad[]> {
    const total = (): Equal => totalOf(notesIn(run, budget));
    const all = total().images + pairs.length;
    const bad: Bad[] = [];
    for (const batch of batchesOf(pairs, budget)) {
        const { images, bytes } = total();
        const gib = (bytes / (1 << 30)).toFixed(1);
        run.doing(
            `bytes: compared ${String(images)} of ${String(all)} images, ${gib} GiB read a side`,
        );
        if (run.signal.aborted) throw new InterruptedError();
        try {
            bad.push(...(await compareBatch(run, batch, budget)));
        } catch (error) {
            if (!(error instanceof RemoteError)) throw error;
            const again = `\`cinder-dr resume ${run.journal.id}`;
            throw new PartialError(
                `compared ${String(images)} of ${String(all)} images, then: ${error.message}`,
                [`${again}\` compares the others; ${again} --compare-bytes 0\` ends without that`],
                { cause: error },
            );
        }
    }
    return bad;
}

/**
 * Compares images that nobody has open on both sites byte by byte, or a random part of those that hold more than `budget`
 * bytes. What an earlier run of the operation has compared counts.
 * @param ids volumes that were moved
 * @throws PartialError naming the images that are not proven equal, UnequalError where one is proven unequal
 */
export async function compareBytes(
    run: Run,
    survey: Survey,
    ids: readonly string[],
    budget: number,
): Promise<Compared> {
    const known = new Set(notesIn(run, budget).flatMap(({ images }) => images));
    const moved = new Set(ids);
    const open = survey.pairs.filter(
        ({ volume }) => moved.has(volume.id) && !known.has(volume.image),
    );
    const idle = open.filter((pair) => !isInUse(pair));
    if (idle.length > 0) refuseUnseen(run, survey);
    const bad = await compareAll(run, idle, budget);
    const left = await withoutUsed(run, bad);
    refuseBad(run, left);
    return { ...totalOf(notesIn(run, budget)), inUse: open.length - idle.length + bad.length };
}

/** Compares as the last step of an operation. @param budget 0 compares nothing */
export async function compareStep(
    run: Run,
    survey: Survey,
    moved: readonly string[],
    budget: number,
): Promise<void> {
    const subject = "bytes";
    if (budget === 0) {
        const fact = "no image is compared: --compare-bytes is 0";
        run.found({ state: "warning", subject, fact });
        return;
    }
    run.doing(subject);
    const { images, whole, bytes, inUse } = await run.journal.always(subject, () =>
        compareBytes(run, survey, moved, budget),
    );
    const fact = `${String(images)} of ${String(moved.length)} images are equal on both sites (${String(whole)} in whole, ${String(bytes)} bytes read a side)`;
    run.found({ state: "ok", subject, fact });
    if (inUse > 0)
        run.left.push(`${String(inUse)} image(s) are in use again and were not compared`);
}
