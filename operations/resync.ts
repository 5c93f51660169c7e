import { consentFlag } from "../core/consents";
import { sizeOf } from "../core/duration";
import { discardBlockers, discardsOf, turnOf, type Discards } from "../core/failback";
import { RESYNC_BYTES } from "../core/measured";
import { DISCARDING, SETTLED, type JournalEntry } from "../core/operation";
import { isSeen, type Pair } from "../core/replica";
import { subjectOf, type Survey } from "../core/survey";
import type { Journal } from "./journal";
import { PartialError, RefusedError } from "./operationEnd";
import { phase, type Run } from "./run";

const ROLE_SECONDS = 600;
/** The journal's notes of what the operator gave up, and of what is flagged for it. */
export const GIVEN_UP = "given up";
const RESYNCED = "resynced";

/**
 * Does one thing to images of the designed primary's copy, and notes those that it was done to.
 * @throws PartialError naming the images that refused
 */
async function act(
    run: Run,
    verb: "demote" | "resync",
    pairs: readonly Pair[],
    note: (done: readonly Pair[]) => void,
): Promise<void> {
    if (pairs.length === 0) return;
    const refused = await run.parts.sites.primary.refusedImages(
        run.backend.pool,
        { do: verb, images: pairs.map(({ volume }) => volume.image) },
        ROLE_SECONDS,
    );
    const left = new Set(refused.map(({ image }) => image));
    const done = pairs.filter(({ volume }) => !left.has(volume.image));
    if (done.length > 0) note(done);
    if (refused.length > 0)
        throw new PartialError(
            `${String(refused.length)} of ${String(pairs.length)} images on ${run.parts.names.primary} cannot be ${verb === "demote" ? "demoted" : "flagged for resync"}: ${refused.map((r) => `${r.image}: ${r.error}`).join("; ")}`,
            ["stop every client that has them open there, then `cinder-dr resume`"],
        );
}

const imagesOf = (entries: readonly JournalEntry[], step: string): Set<string> =>
    new Set(
        entries.flatMap((e) => (e.kind === "noted" && e.step === step ? (e.data as string[]) : [])),
    );

/** Entries since what was agreed to was seen done: a fork of later needs another word. */
export const sinceSettled = ({ entries }: Journal): JournalEntry[] =>
    entries.slice(entries.findLastIndex(({ step }) => step === SETTLED) + 1);

/** Images that this operation has demoted and flagged for resync: they are no longer as they were found. */
export const resyncedImages = ({ entries }: Journal): Set<string> => imagesOf(entries, RESYNCED);

/** Of those, the images that were not seen to follow since. */
export const flaggedImages = (journal: Journal): Set<string> =>
    imagesOf(sinceSettled(journal), RESYNCED);

/** Notes the images that are flagged now, and how large they are: the next plan tells the time of a resync by it. */
function noteResynced({ journal }: Run, pairs: readonly Pair[]): void {
    const images = pairs.map(({ volume }) => volume.image);
    journal.append({ kind: "noted", step: RESYNCED, data: images });
    const bytes = sizeOf(pairs);
    if (bytes !== undefined) journal.append({ kind: "noted", step: RESYNC_BYTES, data: bytes });
}

/** Images whose copy on the designed primary the operator gave up. */
export const agreedImages = (journal: Journal): Set<string> =>
    imagesOf(sinceSettled(journal), GIVEN_UP);

/** Records the images that a plan throws away, once the operator has said yes to it. */
export const giveUp = (run: Run, pairs: readonly Pair[]): void => {
    run.journal.append({
        kind: "noted",
        step: GIVEN_UP,
        data: pairs.map(({ volume }) => volume.image),
    });
};

/** Images that have forked since the plan need the operator's word anew, for all of them. */
function agreeAnew(run: Run, unagreed: readonly Pair[]): void {
    if (unagreed.length === 0) return;
    const consent = {
        name: "discarded",
        count: agreedImages(run.journal).size + unagreed.length,
        means: `${unagreed.map(subjectOf).join(", ")}: what was written on ${run.parts.names.primary} is discarded, too`,
    };
    if (run.accepted.get(consent.name) !== consent.count)
        throw new PartialError(
            `${String(unagreed.length)} image(s) have forked since the plan, and are left as they are: ${unagreed.map(subjectOf).join(", ")}`,
            [
                `look at what was written on ${run.parts.names.primary}; then \`cinder-dr resume ${run.journal.id} ${consentFlag(consent)}\``,
            ],
        );
    run.journal.append({
        kind: "consented",
        data: { flag: consentFlag(consent), means: consent.means },
    });
    giveUp(run, unagreed);
}

const namesOf = (pairs: readonly Pair[]): string[] => pairs.map(({ volume }) => volume.image);

/** Demotes images on the designed primary, then flags images there for resync. @throws PartialError */
export async function throwAway(
    run: Run,
    { demote, resync }: Pick<Discards, "demote" | "resync">,
): Promise<void> {
    if (demote.length + resync.length === 0) return;
    // Before it: whether a call that is cut off has done it, nobody can tell.
    const data = [...new Set(namesOf([...demote, ...resync]))];
    run.journal.append({ kind: "noted", step: DISCARDING, data });
    await act(run, "demote", demote, (done) => {
        run.journal.append({ kind: "noted", step: "demoted", data: namesOf(done) });
    });
    await act(run, "resync", resync, (done) => {
        noteResynced(run, done);
    });
}

/** Images that were thrown away just now, and those that keep their old copy until the resync comes to them. */
export interface Discarded {
    flagged: string[];
    waiting: string[];
}

/**
 * Throws away what only the designed primary has, for the images that the operator gave up and for no other: demotes
 * all of them there at once, since two primaries would both take writes, and flags the first ones for resync. The others
 * stay as they were, if old, until their turn. An image that was flagged before is only waited for.
 * @throws PartialError when another image has forked since the plan; RefusedError unless both sites are seen, and the
 * secondary is active: days may lie between the operator's word and a run that goes on with it
 */
export async function discard(run: Run, survey: Survey): Promise<Discarded> {
    const flagged = flaggedImages(run.journal);
    const due = () => discardsOf(survey, agreedImages(run.journal), flagged);
    const first = due();
    const isSeenWhole = Object.values(survey.views).every(isSeen);
    if (isSeenWhole && Object.values(first).every(({ length }) => length === 0))
        return { flagged: [], waiting: [] };
    const stops = discardBlockers(survey);
    if (stops.length > 0) throw new RefusedError("refused, nothing is discarded now", stops);
    agreeAnew(run, first.unagreed);
    const { demote, resync } = due();
    const now = turnOf(survey, agreedImages(run.journal), resync);
    await throwAway(run, { demote, resync: now });
    return {
        flagged: namesOf(now),
        waiting: namesOf(resync.filter((pair) => !now.includes(pair))),
    };
}

/** Discards as a step of an operation. */
export const discardStep = (run: Run, survey: Survey): Promise<Discarded> =>
    phase(
        run,
        "discard",
        () => discard(run, survey),
        ({ flagged, waiting }) => {
            const { primary, secondary } = run.parts.names;
            if (flagged.length + waiting.length === 0)
                return "no image has forked: nothing is discarded";
            const told = `${String(flagged.length)} images on ${primary} are demoted and resync from ${secondary}`;
            return waiting.length === 0
                ? told
                : `${told}; ${String(waiting.length)} more are demoted and keep their old copy until their turn`;
        },
    );
