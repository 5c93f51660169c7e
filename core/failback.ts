import { imageFaults, isLate } from "./imageFaults";
import { isReplicated, isSeen, type Pair } from "./replica";
import type { VolumeLoss } from "./report";
import { replicated, type Survey } from "./survey";

/** What an image's copy on the designed primary needs before the failback, when the secondary is active. */
export type Need =
    /** Replays with nothing behind, or nearly. */
    | "nothing"
    /** It is still primary: it must be demoted and resynced, and loses what only it has. */
    | "demoteAndResync"
    /** It is demoted and has forked, or is stuck: it must be resynced. */
    | "resync"
    /** It replays or starts to: time does it. */
    | "wait"
    /** Nothing here may be done by itself. */
    | "decide";

const isFork = (pair: Pair): boolean =>
    [pair.primary, pair.secondary].some((image) => /split-brain/.test(image?.description ?? ""));

/** Whether the copy on the primary must be thrown away. Only ever the copy on the side that is not active. */
export const needsResync = (pair: Pair): boolean =>
    isReplicated(pair.volume) &&
    pair.secondary?.primary === true &&
    pair.primary !== undefined &&
    (pair.primary.primary || isFork(pair));

export function needOf(pair: Pair, survey: Survey): Need {
    if (!isReplicated(pair.volume)) return "nothing";
    if (pair.secondary?.primary !== true) return "decide";
    if (needsResync(pair)) return pair.primary?.primary === true ? "demoteAndResync" : "resync";
    if (!isSeen(survey.views.primary)) return "decide";
    const faults = imageFaults(pair, "secondary", survey.views, survey.names);
    if (faults.length === 0) return "nothing";
    const cured = ["missing", "notReplaying", "stale"];
    return faults.every((fault) => isLate(fault) || cured.includes(fault.kind)) ? "wait" : "decide";
}

/** What a failback throws away, and what it must not. */
export interface Discards {
    /** Still primary: demoted first. */
    demote: Pair[];
    /** Demoted, and not flagged for resync yet. */
    resync: Pair[];
    /** Forked, and not in the plan that the operator said yes to. */
    unagreed: Pair[];
}

/**
 * @param agreed images that the operator gave up
 * @param flagged images that were flagged for resync before: one that is gone or syncs is only waited for
 */
export function discardsOf(
    survey: Survey,
    agreed: ReadonlySet<string>,
    flagged: ReadonlySet<string>,
): Discards {
    const found: Discards = { demote: [], resync: [], unagreed: [] };
    for (const pair of replicated(survey)) {
        const { image } = pair.volume;
        const need = needOf(pair, survey);
        const isForked = need === "demoteAndResync" || need === "resync";
        if (!agreed.has(image)) {
            if (isForked) found.unagreed.push(pair);
            continue;
        }
        if (need === "demoteAndResync") found.demote.push(pair);
        // A kill may have left it demoted, and rbd-mirror does not say yet that it has forked.
        const isLeft = need === "wait" && pair.primary !== undefined;
        if (!flagged.has(image) && (isForked || isLeft)) found.resync.push(pair);
    }
    return found;
}

/** The loss of a volume that goes back: none, since its image is behind in nothing when it moves. */
export const nothingLost = ({ volume }: Pair): VolumeLoss => ({
    volume: volume.id,
    name: volume.name,
    seconds: 0,
    entries: 0,
});
