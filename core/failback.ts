import { imageFaults, isLate } from "./imageFaults";
import { isReplicated, isSeen, type Pair } from "./replica";
import type { Survey } from "./survey";

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
