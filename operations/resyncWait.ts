import { flushable } from "../core/blockers";
import { follows, needOf, needsResync, toFollow, undecided } from "../core/failback";
import { SETTLED } from "../core/operation";
import { isSeen, type Pair } from "../core/replica";
import { subjectOf, type Survey } from "../core/survey";
import { hasMarked } from "./markPlain";
import { lookAtBoth } from "./moveBackend";
import { OpenStackError } from "./openstack";
import { PartialError, RefusedError } from "./operationEnd";
import { flaggedImages, resyncedImages } from "./resync";
import { type Run } from "./run";
import { flush } from "./settle";
import { pause } from "./wait";

const PAUSE_MILLISECONDS = 2000;
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

/** A survey that sees both sites; undefined where one does not answer now, as may be for a moment of a wait of hours. */
async function lookAgain(run: Run): Promise<Survey | undefined> {
    try {
        const survey = await lookAtBoth(run, []);
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
    const flagged = flaggedImages(run.journal);
    const isFlagged = ({ volume }: Pair) => flagged.has(volume.image);
    const flushed = new Set<string>();
    const count = await watch(run, async (survey) => {
        const all = toFollow(survey);
        const open = all.filter((pair) => needOf(pair, survey) !== "nothing");
        run.doing(
            `resync: ${String(all.length - open.length)} of ${String(all.length)} images replay with nothing behind`,
        );
        if (open.length === 0) return all.length;
        // A flagged image is gone for a moment, and its old status stays published for up to 30 s.
        const stuck = open.filter((pair) =>
            isFlagged(pair)
                ? follows(pair, survey) && needOf(pair, survey) === "decide"
                : needsResync(pair) || needOf(pair, survey) === "decide",
        );
        if (stuck.length > 0 || performance.now() > end)
            throw unproven(open, resyncedImages(run.journal).size > 0 || hasMarked(run.journal));
        await flush(run, "secondary", flushable(survey, "secondary"), flushed);
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
    const following = await watch(run, (survey) => {
        const seen = toFollow(survey);
        const ids = (meant ??= new Set(seen.map(({ volume }) => volume.id)));
        const lost = undecided(survey).filter((pair) => !isFlagged(pair));
        const all = seen.filter((pair) => ids.has(pair.volume.id) && !lost.includes(pair));
        const open = all.filter((pair) => !follows(pair, survey));
        run.doing(
            `resync: ${String(all.length - open.length)} of ${String(all.length)} images replay`,
        );
        if (open.length === 0) return { count: all.length, lost };
        const forked = open.filter((pair) => needsResync(pair) && !isFlagged(pair));
        if (forked.length > 0 || performance.now() > end)
            throw unproven(open, resyncedImages(run.journal).size > 0);
        return undefined;
    });
    run.journal.append({ kind: "noted", step: SETTLED });
    return following;
}
