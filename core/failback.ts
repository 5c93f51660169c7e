import { blocker, type Blocker } from "./blocker";
import { siteBlockers } from "./blockers";
import { imageFaults, isLate, isProtected } from "./imageFaults";
import { isReplicated, isSeen, type Pair } from "./replica";
import type { VolumeLoss } from "./report";
import { activeSideOf, serviceOf, type ServiceRow } from "./service";
import { isUnmade, replicated, subjectOf, type Survey } from "./survey";
import { ROLES } from "./topology/site";

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

/** @param isData whether only the images count, whatever Cinder calls the volume */
export function needOf(pair: Pair, survey: Survey, isData = false): Need {
    if (!isReplicated(pair.volume)) return "nothing";
    if (pair.secondary?.primary !== true) return "decide";
    if (needsResync(pair)) return pair.primary?.primary === true ? "demoteAndResync" : "resync";
    if (!isSeen(survey.views.primary)) return "decide";
    const faults = imageFaults(pair, "secondary", survey.views, survey.names).filter(
        ({ kind }) => !isData || kind !== "cinderError",
    );
    if (faults.length === 0) return "nothing";
    const cured = ["missing", "notReplaying", "stale"];
    return faults.every((fault) => isLate(fault) || cured.includes(fault.kind)) ? "wait" : "decide";
}

/** Whether an image's copy on the designed primary follows what the secondary writes, be it late. */
export const follows = (pair: Pair, survey: Survey): boolean =>
    pair.secondary?.primary === true &&
    !needsResync(pair) &&
    isSeen(survey.views.primary) &&
    isProtected(pair, imageFaults(pair, "secondary", survey.views, survey.names));

/** Images that should follow: a volume that is being made or deleted has none, or not for long. */
export const toFollow = (survey: Survey): Pair[] =>
    replicated(survey).filter((pair) => !isUnmade(pair) && pair.volume.status !== "deleting");

/** Images that neither a resync nor time lets follow: a person must see to each. */
export const undecided = (survey: Survey): Pair[] =>
    toFollow(survey).filter(
        (pair) => !follows(pair, survey) && needOf(pair, survey, true) === "decide",
    );

/** Volumes, as blockers name them, of whose images the failback itself mends the faults, by a resync or by waiting. */
export function curedByFailback(survey: Survey): Set<string> {
    // A volume that Cinder calls `error` stays so, however its image is resynced.
    const isError = (pair: Pair) =>
        imageFaults(pair, "secondary", survey.views, survey.names).some(
            ({ kind }) => kind === "cinderError",
        );
    return new Set(
        replicated(survey)
            .filter((pair) => needOf(pair, survey) !== "decide" && !isError(pair))
            .map(subjectOf),
    );
}

/** Rows whose hosts have volumes: a host that has none yet says nothing of where they are served. */
function servingRows({ rows, pairs }: Survey): ServiceRow[] {
    const hosts = new Set(pairs.map(({ volume }) => serviceOf(volume.host)));
    const serving = rows.filter(({ host }) => hosts.has(host));
    return serving.length === 0 ? rows : serving;
}

/** Why the copies on the secondary are not known to be the true ones. */
function activeBlockers(survey: Survey): Blocker[] {
    const { rows, backend, names } = survey;
    const found = rows
        .filter((row) => row.replication_status === "failing-over")
        .map((row) =>
            blocker(
                row.host,
                "is failing over now",
                "wait for its end; `cinder-dr status` shows it",
            ),
        );
    if (activeSideOf(servingRows(survey), backend) !== "secondary")
        found.push(
            blocker(
                `backend ${backend.section}`,
                `its hosts are not all on ${names.secondary}, so its copies are not known to be the true ones`,
                "`cinder-dr status` shows where they are; on the primary there is nothing to resync",
            ),
        );
    return found;
}

/** Why nothing may be discarded now, whatever was agreed to: only a copy that is not active, and only a seen one. */
export const discardBlockers = (survey: Survey): Blocker[] => [
    ...ROLES.filter((role) => !isSeen(survey.views[role])).map((role) =>
        blocker(
            `site ${survey.names[role]}`,
            "cannot be asked, and nothing is discarded unseen",
            "its admin host and cluster must answer",
        ),
    ),
    ...activeBlockers(survey),
];

/** What stands in the way of a resync that leaves the backend on the secondary; its volumes may be in use. */
export const resyncBlockers = (survey: Survey): Blocker[] => [
    ...activeBlockers(survey),
    ...siteBlockers(survey, "failback"),
];

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
        const need = needOf(pair, survey, true);
        const isForked = need === "demoteAndResync" || need === "resync";
        if (!agreed.has(image)) {
            if (isForked) found.unagreed.push(pair);
            continue;
        }
        if (need === "demoteAndResync") found.demote.push(pair);
        // A kill may have left it demoted, and rbd-mirror does not say yet that it has forked. Or flagged, and not noted:
        // then it syncs or follows by now, and another resync would throw a good copy away.
        const isLeft =
            need === "wait" &&
            pair.primary !== undefined &&
            !/\+(?:syncing|replaying)$/.test(pair.primary.state);
        if (!flagged.has(image) && (isForked || isLeft)) found.resync.push(pair);
    }
    return found;
}

/**
 * Images that are flagged for resync and do not follow yet, at most: a flagged image is no copy any more until it is whole
 * again. rbd-mirror copies five at once (`rbd_mirror_concurrent_image_syncs`), and finds the next ones beside them.
 */
export const FLAGGED_AT_A_TIME = 16;

/** Of images that are to be resynced, those whose turn it is, as many as others of the agreed ones have come to follow. */
export function turnOf(
    survey: Survey,
    agreed: ReadonlySet<string>,
    resync: readonly Pair[],
): Pair[] {
    const due = new Set(resync);
    const copied = toFollow(survey).filter(
        (pair) => agreed.has(pair.volume.image) && !due.has(pair) && !follows(pair, survey),
    );
    return resync.slice(0, Math.max(FLAGGED_AT_A_TIME - copied.length, 0));
}

/** The loss of a volume that goes back: none, since its image is behind in nothing when it moves. */
export const nothingLost = ({ volume }: Pair): VolumeLoss => ({
    volume: volume.id,
    name: volume.name,
    seconds: 0,
    entries: 0,
});
