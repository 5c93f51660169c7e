import { flushable } from "../core/blockers";
import { follows, needOf, needsResync, toFollow, undecided } from "../core/failback";
import { SETTLED } from "../core/operation";
import type { Pair } from "../core/replica";
import { subjectOf, type Survey } from "../core/survey";
import { hasMarked } from "./markPlain";
import { PartialError, RefusedError } from "./operationEnd";
import { flaggedImages, resyncedImages } from "./resync";
import { lackOf, ResyncTrouble } from "./resyncTrouble";
import { ResyncTurns } from "./resyncTurns";
import { watch, type LookForUsers } from "./resyncWatch";
import type { Run } from "./run";
import { flush } from "./settle";

function unproven(open: readonly Pair[], reason: string, isChanged: boolean): Error {
    const first = open.slice(0, 5).map(subjectOf).join(", ");
    const fact = `${String(open.length)} image(s) are not proven: ${first}; ${reason}`;
    const next = "`cinder-dr status --volumes` says what each lacks";
    return isChanged
        ? new PartialError(fact, [`${next}; then \`cinder-dr resume\``])
        : new RefusedError(`refused, nothing was changed: ${fact}; ${next}`);
}

/** What the wait is at: how many have no turn yet, and the first of the others with rbd-mirror's own words. */
function nowAt(survey: Survey, open: readonly Pair[], waiting: ReadonlySet<Pair>): string {
    const first = open.find((pair) => !waiting.has(pair));
    return [
        ...(waiting.size === 0
            ? []
            : [`; ${String(waiting.size)} keep their old copy until their turn`]),
        ...(first === undefined ? [] : [`; ${lackOf(first, survey)}`]),
    ].join("");
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
    const turns = new ResyncTurns(run);
    const trouble = new ResyncTrouble(run);
    const flushed = new Set<string>();
    const count = await watch<number>(run, async (survey, lookForUsers) => {
        const flagged = flaggedImages(run.journal);
        const all = toFollow(survey);
        const open = all.filter((pair) => needOf(pair, survey) !== "nothing");
        const waiting = turns.waiting(survey, open);
        run.doing(
            `resync: ${String(all.length - open.length)} of ${String(all.length)} images replay with nothing behind${nowAt(survey, open, waiting)}`,
        );
        if (open.length === 0) return { done: all.length };
        const copied = open.filter((pair) => !waiting.has(pair));
        trouble.look(survey, copied);
        // A flagged image is gone for a moment, and its old status stays published for up to 30 s.
        const stuck = copied.filter((pair) =>
            flagged.has(pair.volume.image)
                ? follows(pair, survey) && needOf(pair, survey) === "decide"
                : needsResync(pair) || needOf(pair, survey) === "decide",
        );
        if (stuck.length > 0 || performance.now() > end) {
            const isChanged = resyncedImages(run.journal).size > 0 || hasMarked(run.journal);
            return { stop: unproven(open, trouble.reason(survey, copied), isChanged) };
        }
        if (await turns.next(survey, waiting)) return "begun";
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
    const turns = new ResyncTurns(run);
    const trouble = new ResyncTrouble(run);
    let meant: Set<string> | undefined;
    const following = await watch<Following>(run, async (survey) => {
        const flagged = flaggedImages(run.journal);
        const isFlagged = ({ volume }: Pair) => flagged.has(volume.image);
        const seen = toFollow(survey);
        const ids = (meant ??= new Set(seen.map(({ volume }) => volume.id)));
        const lost = undecided(survey).filter((pair) => !isFlagged(pair));
        const all = seen.filter((pair) => ids.has(pair.volume.id) && !lost.includes(pair));
        const open = all.filter((pair) => !follows(pair, survey));
        const waiting = turns.waiting(survey, open);
        run.doing(
            `resync: ${String(all.length - open.length)} of ${String(all.length)} images replay${nowAt(survey, open, waiting)}`,
        );
        if (open.length === 0) return { done: { count: all.length, lost } };
        const copied = open.filter((pair) => !waiting.has(pair));
        trouble.look(survey, copied);
        const forked = copied.filter((pair) => needsResync(pair) && !isFlagged(pair));
        if (forked.length > 0 || performance.now() > end) {
            const isChanged = resyncedImages(run.journal).size > 0;
            return { stop: unproven(open, trouble.reason(survey, copied), isChanged) };
        }
        return (await turns.next(survey, waiting)) ? "begun" : undefined;
    });
    run.journal.append({ kind: "noted", step: SETTLED });
    return following;
}
