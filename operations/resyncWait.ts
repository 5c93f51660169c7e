import { flushable } from "../core/blockers";
import { follows, needOf, needsResync, toFollow, undecided } from "../core/failback";
import { SETTLED } from "../core/operation";
import { isSeen, type Pair } from "../core/replica";
import { subjectOf, type Survey } from "../core/survey";
import { hasMarked } from "./markPlain";
import { OpenStackError } from "./openstack";
import { PartialError, RefusedError } from "./operationEnd";
import { flaggedImages, resyncedImages } from "./resync";
import { type Run } from "./run";
import { flush } from "./settle";
import { askCinder, takeSurvey, type CinderView } from "./takeSurvey";
import { pause } from "./wait";

/** Between two looks, in milliseconds: a thirtieth of what was waited, so that a copy of hours is not asked after each moment. */
const [SHORTEST, LONGEST] = [2000, 20_000];
const pauseAfter = (waited: number): number => Math.min(Math.max(waited / 30, SHORTEST), LONGEST);
/** For so long Cinder's word counts: each look would list all volumes and snapshots of the cloud. */
const CINDER_SECONDS = 60;
/** How long a wait goes on without a look. */
const BLIND_SECONDS = 120;

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

/** What a look says of a wait: its end, or undefined where it goes on. */
type Verdict<T> = { done: T } | { stop: Error } | undefined;

/** A survey that sees both sites; undefined where one does not answer now, as may be for a moment of a wait of hours. */
async function lookAgain(
    { parts, backend }: Run,
    known: Promise<CinderView>,
    users = false,
): Promise<Survey | undefined> {
    try {
        const survey = await takeSurvey(parts, backend, { users }, known);
        return Object.values(survey.views).every(isSeen) ? survey : undefined;
    } catch (error) {
        if (error instanceof OpenStackError) return undefined;
        throw error;
    }
}

/** What a judge may look at besides: the same moment with the clients that have primary images open. */
type LookForUsers = () => Promise<Survey | undefined>;

/**
 * Looks again and again until `judge` returns a verdict, through moments in which somebody does not answer. Cinder's word
 * of up to a minute ago lets a wait go on and does not end it: a volume that was deleted since is no image that is missing.
 */
async function watch<T>(
    run: Run,
    judge: (survey: Survey, lookForUsers: LookForUsers) => Promise<Verdict<T>> | Verdict<T>,
): Promise<T> {
    const start = performance.now();
    let seen = start;
    let word: { at: number; view: Promise<CinderView> } | undefined;
    for (;;) {
        const at = performance.now();
        const kept = word !== undefined && at - word.at < CINDER_SECONDS * 1000 ? word : undefined;
        const { view } = (word = kept ?? { at, view: askCinder(run.parts) });
        const survey = await lookAgain(run, view);
        const now = performance.now();
        if (survey !== undefined) seen = now;
        else word = undefined;
        if (now - seen > BLIND_SECONDS * 1000) throw blind();
        const verdict =
            survey === undefined
                ? undefined
                : await judge(survey, () => lookAgain(run, view, true));
        if (verdict === undefined) await pause(pauseAfter(now - start), run.signal);
        else if (kept !== undefined) word = undefined;
        else if ("stop" in verdict) throw verdict.stop;
        else return verdict.done;
    }
}

/**
 * Flushes what lacks only rbd-mirror's word. Who has images open is asked for only where there is such a one: it is a
 * question for each primary image, and in a copy of hours most looks need none of the answers.
 */
async function flushIdle(
    run: Run,
    survey: Survey,
    lookForUsers: LookForUsers,
    flushed: Set<string>,
): Promise<void> {
    if (flushable(survey, "secondary").every((image) => flushed.has(image))) return;
    const whole = await lookForUsers();
    if (whole !== undefined) await flush(run, "secondary", flushable(whole, "secondary"), flushed);
}

/**
 * Waits until every replicated volume's copy on the designed primary replays with nothing behind.
 * @throws RefusedError naming what is not proven when time is up, or what a person must decide; PartialError once images
 * were resynced
 */
export async function waitReady(run: Run, seconds: number): Promise<number> {
    const end = performance.now() + seconds * 1000;
    const flagged = flaggedImages(run.journal);
    const isFlagged = ({ volume }: Pair) => flagged.has(volume.image);
    const flushed = new Set<string>();
    const count = await watch<number>(run, async (survey, lookForUsers) => {
        const all = toFollow(survey);
        const open = all.filter((pair) => needOf(pair, survey) !== "nothing");
        run.doing(
            `resync: ${String(all.length - open.length)} of ${String(all.length)} images replay with nothing behind`,
        );
        if (open.length === 0) return { done: all.length };
        // A flagged image is gone for a moment, and its old status stays published for up to 30 s.
        const stuck = open.filter((pair) =>
            isFlagged(pair)
                ? follows(pair, survey) && needOf(pair, survey) === "decide"
                : needsResync(pair) || needOf(pair, survey) === "decide",
        );
        if (stuck.length > 0 || performance.now() > end) {
            const isChanged = resyncedImages(run.journal).size > 0 || hasMarked(run.journal);
            return { stop: unproven(open, isChanged) };
        }
        await flushIdle(run, survey, lookForUsers, flushed);
        return undefined;
    });
    run.journal.append({ kind: "noted", step: SETTLED });
    return count;
}

/** What came of waiting for images to follow. */
export interface Following {
    /** Images that follow. */
    count: number;
    /** Images that do not, for which a person must decide. */
    lost: Pair[];
}

/**
 * Waits until every copy on the designed primary that can do so follows the secondary. Its volumes may be in use
 * meanwhile, so nobody waits for the last entry; nor for images that are made meanwhile.
 * @throws RefusedError naming what does not follow when time is up, or has forked since the plan; PartialError once images
 * were resynced
 */
export async function waitFollowing(run: Run, seconds: number): Promise<Following> {
    const end = performance.now() + seconds * 1000;
    const flagged = flaggedImages(run.journal);
    const isFlagged = ({ volume }: Pair) => flagged.has(volume.image);
    let meant: Set<string> | undefined;
    const following = await watch<Following>(run, (survey) => {
        const seen = toFollow(survey);
        const ids = (meant ??= new Set(seen.map(({ volume }) => volume.id)));
        const lost = undecided(survey).filter((pair) => !isFlagged(pair));
        const all = seen.filter((pair) => ids.has(pair.volume.id) && !lost.includes(pair));
        const open = all.filter((pair) => !follows(pair, survey));
        run.doing(
            `resync: ${String(all.length - open.length)} of ${String(all.length)} images replay`,
        );
        if (open.length === 0) return { done: { count: all.length, lost } };
        const forked = open.filter((pair) => needsResync(pair) && !isFlagged(pair));
        return forked.length > 0 || performance.now() > end
            ? { stop: unproven(open, resyncedImages(run.journal).size > 0) }
            : undefined;
    });
    run.journal.append({ kind: "noted", step: SETTLED });
    return following;
}
