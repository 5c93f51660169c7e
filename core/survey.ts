import {
    followsPrimary,
    isReplicated,
    isSeen,
    isWholeOnPrimary,
    type Pair,
    type Views,
} from "./replica";
import type { OtherService } from "./otherHosts";
import type { ServiceRow } from "./service";
import type { Backend } from "./topology/backend";
import type { RbdMirrorHost } from "./topology/rbdMirror";
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
    /** Services of the same section that the topology leaves out. */
    others: OtherService[];
    pairs: Pair[];
    snapshots: SnapshotFacts[];
    views: Views;
    /** Service host to what a look at it found; hosts of the topology only. */
    hosts: HostFacts[];
    /** Hosts that the topology names for a site's rbd-mirror; none where it does not run them. */
    mirrorHosts: Record<Role, RbdMirrorHost[]>;
}

/** What a Cinder host said of itself and of its way to the target. */
export interface HostFacts {
    /** Name in the topology. */
    name: string;
    /** Service row that it runs for the backend; undefined when it could not be asked. */
    service?: string;
    /** Why it cannot be asked. */
    unseen?: string;
    /** Why Cinder's rows cannot be written through it; undefined where they can, or it was not tried. */
    unwritable?: string;
    /** Side to how reaching it as Cinder's user went; undefined where it was reached. */
    reach: Partial<Record<Role, string>>;
    /** Whether both sites' secret_uuid are set; else a failback needs a restart. */
    secrets?: boolean;
    /** Its `volume_name_template`. */
    template?: string;
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

export const isWork = (status: string): boolean => WORK.includes(status);

/**
 * Whether cinder-volume works on a volume's image now: an image that it removes in the middle of a move (a volume made of
 * an image is made twice) is one whose demotion fails.
 */
export const isWorkedOn = ({ volume }: Pair): boolean => isWork(volume.status);

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

/** Whether a client has its image open where it is served; whether a server has it, where clients were not looked for. */
export const isOpen = ({ volume, ...sides }: Pair, active: Role): boolean =>
    (sides[active]?.users ?? volume.servers).length > 0;

export const replicated = ({ pairs }: Survey): Pair[] =>
    pairs.filter((pair) => isReplicated(pair.volume));
