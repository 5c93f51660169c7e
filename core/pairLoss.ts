import { clockFault } from "./clocks";
import { isReplaying, isSeen, lagOf, type ImageView, type Pair } from "./replica";
import { otherSide } from "./service";
import type { Survey } from "./survey";
import type { Role } from "./topology/site";

/** rbd-mirror reports every 30 s: a silence that is longer is none between two reports of a living one. */
const REPORT_SECONDS = 60;

/** When the other site's rbd-mirror last reported to the one that has these images; undefined where it never did. */
export function lastReport(images: readonly (ImageView | undefined)[]): number | undefined {
    const reports = images.flatMap((image) =>
        (image?.peers ?? []).map(({ lastUpdate }) => lastUpdate),
    );
    return reports.length === 0 ? undefined : Math.max(...reports);
}

/**
 * When what the target says of an image last proved something. Of a site that does not answer its own last report counts,
 * too: the target's daemon goes on saying `replaying` and 0 behind of a journal that it can no longer read.
 * @returns undefined where nothing proves anything, or nobody can tell how old it is
 */
function heardFrom(survey: Survey, active: Role, image: ImageView): number | undefined {
    if (isSeen(survey.views[active])) return image.lastUpdate;
    // No peer reports where one direction alone is mirrored.
    const reported = lastReport([image]);
    if (reported === undefined || clockFault(survey, otherSide(active)) !== undefined)
        return undefined;
    return Math.min(image.lastUpdate, reported);
}

/** What a pair has lost at most. */
export interface PairLoss {
    /** Journal entries that the target has not replayed. */
    entries?: number;
    /** Bound on the age of what the target lacks; undefined where nothing proves one. */
    seconds?: number;
    /** The same, of a site whose rbd-mirror still reports: a bound only if that has not outlived its cluster. */
    unproven?: number;
}

/** What a pair has lost at most when the active site is gone now; no seconds of an image that does not replay. */
export function lossOf(pair: Pair, active: Role, survey: Survey, entryRate?: number): PairLoss {
    const view = survey.views[otherSide(active)];
    const there = pair[otherSide(active)];
    const lag = lagOf(pair[active], there);
    if (there === undefined || !isSeen(view)) return {};
    const entries = lag?.entries;
    const heard = heardFrom(survey, active, there);
    const behind = !isReplaying(there)
        ? undefined
        : entries === undefined || entries === 0
          ? 0
          : entryRate !== undefined && entryRate > 0
            ? entries / entryRate
            : undefined;
    const told = entries === undefined ? {} : { entries };
    if (behind === undefined || heard === undefined) return told;
    // Live positions make the published status's age irrelevant.
    const isLive = Object.keys(pair[active]?.positions ?? {}).length > 1;
    const age = isLive ? 0 : Math.max(view.now - heard, 0);
    const seconds = Math.round((behind + age) * 10) / 10;
    // The rbd-mirror of a site that does not answer, and still reports: its cluster may have been dead for long.
    const outlives =
        !isSeen(survey.views[active]) && view.now - (lastReport([there]) ?? 0) <= REPORT_SECONDS;
    return { ...told, ...(outlives ? { unproven: seconds } : { seconds }) };
}
