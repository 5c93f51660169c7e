import { clockFault } from "./clocks";
import {
    followsPrimary,
    isReplicated,
    isSeen,
    isWholeOnPrimary,
    lagOf,
    type ImageView,
    type Pair,
    type Views,
} from "./replica";
import { otherSide, type ServiceRow } from "./service";
import type { Backend } from "./topology/backend";
import type { Role } from "./topology/site";
import { REPLICATION_ENABLED } from "./topology/volumeType";

/** What a failover would do, and what stands in its way. */
export type Move = "planned" | "forced" | "failback";

/** A snapshot as far as a failover concerns it. */
export interface SnapshotFacts {
    id: string;
    volumeId: string;
    status: string;
}

/** One backend, seen at one moment from Cinder, its hosts and both clusters. */
export interface Survey {
    backend: Backend;
    /** Names of the sites, by role. */
    names: Record<Role, string>;
    rows: ServiceRow[];
    pairs: Pair[];
    snapshots: SnapshotFacts[];
    views: Views;
    /** Service host to what a look at it found; hosts of the topology only. */
    hosts: HostFacts[];
}

/** What a Cinder host said of itself and of its way to the target. */
export interface HostFacts {
    /** Name in the topology. */
    name: string;
    /** Service row that it runs for the backend; undefined when it could not be asked. */
    service?: string;
    /** Why it cannot be asked. */
    unseen?: string;
    /** Side to how reaching it as Cinder's user went; undefined where it was reached. */
    reach: Partial<Record<Role, string>>;
    /** Whether both sites' secret_uuid are set; else a failback needs a restart. */
    secrets?: boolean;
}

/** The side that a move goes to. */
export const targetOf = (move: Move): Role => (move === "failback" ? "primary" : "secondary");

export const subjectOf = ({ volume }: Pair): string =>
    volume.name === "" ? volume.id : `${volume.id} (${volume.name})`;

/** The volumes that Cinder puts into error, because it moves all and these have no copy on the target. */
export const unreplicated = ({ pairs }: Survey): Pair[] =>
    pairs.filter((pair) => !isReplicated(pair.volume));

/** The API says `enabled` of a volume before its image is made. */
export const isUnmade = ({ volume }: Pair): boolean =>
    ["creating", "downloading"].includes(volume.status);

/** Statuses in which cinder-volume makes, replaces or removes an image; a freeze ends none of that. */
const WORK = [
    ...["creating", "downloading", "deleting", "extending", "retyping", "reverting"],
    ...["managing", "unmanaging", "restoring-backup"],
];

/**
 * Whether cinder-volume works on a volume's image now: an image that it removes in the middle of a move (a volume made of
 * an image is made twice) is one whose demotion fails.
 */
export const isWorkedOn = ({ volume }: Pair): boolean => WORK.includes(volume.status);

/**
 * Volumes that Cinder counts as replicated and that have no mirrored image, e.g. all that were made before the backend had
 * a replication_device: their replication_status is NULL. Their demotion fails, and all that follow are promoted by force.
 */
export const unmarked = ({ pairs }: Pick<Survey, "pairs">, active: Role): Pair[] =>
    pairs.filter(
        (pair) => isReplicated(pair.volume) && pair[active] === undefined && !isUnmade(pair),
    );

/**
 * Of those, the volumes that no site has a mirrored image of: after a forced failover Cinder says `failover-error` of
 * them, and goes on counting them as replicated.
 */
export const unmarkedAnywhere = (survey: Pick<Survey, "pairs">): Pair[] =>
    unmarked(survey, "secondary").filter((pair) => pair.primary === undefined);

/** Volumes that only the designed primary has, whole and mirrored, while the backend is on the secondary. */
export const wholeOnPrimary = (survey: Survey): Pair[] =>
    replicated(survey).filter((pair) => !isUnmade(pair) && isWholeOnPrimary(pair, survey.views));

/**
 * Volumes that a failback marks as not replicated: Cinder's demotion of them fails, or its promotion of what is primary
 * already.
 */
export const markedByFailback = (survey: Survey): Pair[] => [
    ...unmarkedAnywhere(survey),
    ...wholeOnPrimary(survey),
];

/**
 * Volumes that no failback takes along, and whose data is on the secondary. One that the failover itself has put into
 * error was in nobody's hands since: its data is on the primary, whatever is left of it on the other side.
 */
export function leftBehind(survey: Survey): Pair[] {
    const { primary, secondary } = survey.views;
    if (!isSeen(secondary)) return [];
    const marked = new Set(unmarkedAnywhere(survey));
    const isStill = ({ status, replicationStatus, image }: Pair["volume"]) =>
        status === "error" &&
        ["not-capable", "failover-error"].includes(replicationStatus ?? "") &&
        isSeen(primary) &&
        primary.all.includes(image);
    return survey.pairs.filter(
        (pair) =>
            (!isReplicated(pair.volume) || marked.has(pair)) &&
            secondary.all.includes(pair.volume.image) &&
            pair.volume.status !== "deleting" &&
            !followsPrimary(pair) &&
            !isStill(pair.volume),
    );
}

/** Whether a volume's type asks for no replication, in the one spelling that the driver takes. */
export const isOfPlainType = ({ volume }: Pair): boolean => volume.typeSpec !== REPLICATION_ENABLED;

/** Whether a server has it, or a client has its image open where it is served. */
export const isInUse = (pair: Pair, active: Role): boolean =>
    pair.volume.servers.length > 0 || (pair[active]?.users ?? []).length > 0;

export const replicated = ({ pairs }: Survey): Pair[] =>
    pairs.filter((pair) => isReplicated(pair.volume));

/** Whether rbd-mirror replays an image, by its last word; `down` of a daemon that is gone takes nothing back. */
export const isReplaying = (image: ImageView | undefined): boolean =>
    image !== undefined && /\+replaying$/.test(image.state);

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
