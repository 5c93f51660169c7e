import { flushable } from "../core/blockers";
import { consentFlag } from "../core/consents";
import { sizeOf } from "../core/duration";
import { discardsOf, follows, needOf, undecided } from "../core/failback";
import { RESYNC_BYTES } from "../core/measured";
import { isSeen, type Pair } from "../core/replica";
import { isUnmade, replicated, subjectOf, type Survey } from "../core/survey";
import type { Journal } from "./journal";
import { hasMarked } from "./markPlain";
import { OpenStackError } from "./openstack";
import { PartialError, RefusedError } from "./operationEnd";
import { phase, type Run } from "./run";
import { flush } from "./settle";
import { takeSurvey } from "./takeSurvey";
import { pause } from "./wait";

const ROLE_SECONDS = 600;
const PAUSE_MILLISECONDS = 2000;
/** How long a wait goes on without a look. */
const BLIND_SECONDS = 120;
/** The journal's note of what the operator gave up. */
const GIVEN_UP = "given up";

/** Does one thing to images of the designed primary's copy. @throws PartialError naming the images that refused */
async function act(run: Run, verb: "demote" | "resync", images: string[]): Promise<void> {
    if (images.length === 0) return;
    const refused = await run.parts.sites.primary.refusedImages(
        run.backend.pool,
        { do: verb, images },
        ROLE_SECONDS,
    );
    if (refused.length > 0)
        throw new PartialError(
            `${String(refused.length)} of ${String(images.length)} images on ${run.parts.names.primary} cannot be ${verb === "demote" ? "demoted" : "flagged for resync"}: ${refused.map((r) => `${r.image}: ${r.error}`).join("; ")}`,
            ["stop every client that has them open there, then `cinder-dr resume`"],
        );
}

/** Images that this operation has demoted and flagged for resync: they are no longer as they were found. */
export const resyncedImages = ({ entries }: Journal): Set<string> =>
    new Set(
        entries.flatMap((e) =>
            e.kind === "noted" && e.step === "resynced" ? (e.data as string[]) : [],
        ),
    );

/** Notes the images that are flagged now, and how large they are: the next plan tells the time of a resync by it. */
function noteResynced({ journal }: Run, pairs: readonly Pair[]): void {
    const images = pairs.map(({ volume }) => volume.image);
    journal.append({ kind: "noted", step: "resynced", data: images });
    const bytes = sizeOf(pairs);
    if (bytes !== undefined) journal.append({ kind: "noted", step: RESYNC_BYTES, data: bytes });
}

/** Images whose copy on the designed primary the operator gave up. */
const agreedImages = ({ entries }: Journal): Set<string> =>
    new Set(
        entries.flatMap((e) =>
            e.kind === "noted" && e.step === GIVEN_UP ? (e.data as string[]) : [],
        ),
    );

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

/**
 * Throws away what only the designed primary has, for the images that the operator gave up and for no other: demotes
 * them there, flags them for resync. An image that was flagged before is only waited for.
 * @throws PartialError when another image has forked since the plan
 */
export async function discard(run: Run, survey: Survey): Promise<string[]> {
    const flagged = resyncedImages(run.journal);
    const due = () => discardsOf(survey, agreedImages(run.journal), flagged);
    agreeAnew(run, due().unagreed);
    const { demote, resync } = due();
    const names = (pairs: readonly Pair[]) => pairs.map(({ volume }) => volume.image);
    await act(run, "demote", names(demote));
    if (demote.length > 0)
        run.journal.append({ kind: "noted", step: "demoted", data: names(demote) });
    await act(run, "resync", names(resync));
    if (resync.length > 0) noteResynced(run, resync);
    return names(resync);
}

/** Discards as a step of an operation. */
export const discardStep = (run: Run, survey: Survey): Promise<string[]> =>
    phase(
        run,
        "discard",
        () => discard(run, survey),
        (images) =>
            images.length === 0
                ? "no image has forked: nothing is discarded"
                : `${String(images.length)} images on ${run.parts.names.primary} are demoted and resync from ${run.parts.names.secondary}`,
    );

function unproven(open: readonly Pair[], isChanged: boolean): Error {
    const fact = `${String(open.length)} image(s) are not proven: ${open.slice(0, 5).map(subjectOf).join(", ")}`;
    const next = "`cinder-dr status --volumes` says what each lacks";
    return isChanged
        ? new PartialError(fact, [`${next}; then \`cinder-dr resume\``])
        : new RefusedError(`refused, nothing was changed: ${fact}; ${next}`);
}

const blind = (): Error =>
    new Error(
        `Cinder or one of the sites has not answered for ${String(BLIND_SECONDS)} s; the resync goes on without it`,
    );

/** A survey that sees both sites; undefined where one does not answer now, as may be for a moment of a wait of hours. */
async function lookAgain(run: Run): Promise<Survey | undefined> {
    try {
        const survey = await takeSurvey(run.parts, run.backend, { users: true });
        return Object.values(survey.views).every(isSeen) ? survey : undefined;
    } catch (error) {
        if (error instanceof OpenStackError) return undefined;
        throw error;
    }
}

/** Looks again and again until `judge` returns something, through moments in which somebody does not answer. */
async function watch<T>(
    run: Run,
    judge: (survey: Survey) => Promise<T | undefined> | T | undefined,
): Promise<T> {
    let seen = performance.now();
    for (;;) {
        const survey = await lookAgain(run);
        const now = performance.now();
        if (survey !== undefined) seen = now;
        if (now - seen > BLIND_SECONDS * 1000) throw blind();
        const result = survey === undefined ? undefined : await judge(survey);
        if (result !== undefined) return result;
        await pause(PAUSE_MILLISECONDS, run.signal);
    }
}

/**
 * Waits until every replicated volume's copy on the designed primary replays with nothing behind.
 * @throws RefusedError naming what is not proven when time is up, or what a person must decide; PartialError once images
 * were resynced
 */
export async function waitReady(run: Run, seconds: number): Promise<number> {
    const end = performance.now() + seconds * 1000;
    const flagged = resyncedImages(run.journal);
    const flushed = new Set<string>();
    return watch(run, async (survey) => {
        const all = replicated(survey);
        const open = all.filter((pair) => needOf(pair, survey) !== "nothing");
        run.doing(
            `resync: ${String(all.length - open.length)} of ${String(all.length)} images replay with nothing behind`,
        );
        if (open.length === 0) return all.length;
        const stuck = open.filter((pair) => needOf(pair, survey) === "decide");
        // A flagged image is gone for a moment, and its old status stays published for up to 30 s.
        const refused = stuck.filter(({ volume }) => !flagged.has(volume.image));
        if (refused.length > 0 || performance.now() > end)
            throw unproven(open, flagged.size > 0 || hasMarked(run.journal));
        await flush(run, "secondary", flushable(survey, "secondary"), flushed);
        return undefined;
    });
}

/**
 * Waits until every copy on the designed primary that can do so follows the secondary. Its volumes may be in use
 * meanwhile, so nobody waits for the last entry.
 * @throws RefusedError naming what does not follow when time is up; PartialError once images were resynced
 */
export async function waitFollowing(run: Run, seconds: number): Promise<number> {
    const end = performance.now() + seconds * 1000;
    const flagged = resyncedImages(run.journal);
    return watch(run, (survey) => {
        const lost = new Set(undecided(survey).filter((pair) => !flagged.has(pair.volume.image)));
        const all = replicated(survey).filter((pair) => !isUnmade(pair) && !lost.has(pair));
        const open = all.filter((pair) => !follows(pair, survey));
        run.doing(
            `resync: ${String(all.length - open.length)} of ${String(all.length)} images replay`,
        );
        if (open.length === 0) return all.length;
        if (performance.now() > end) throw unproven(open, flagged.size > 0);
        return undefined;
    });
}
