import { parseLag, type Lag } from "./mirrorStatus";
import type { Role } from "./topology/site";

/** One site's view of one image, as host/pool.py answers it. */
export interface ImageView {
    /** As `rbd mirror image status` says, e.g. up+replaying. */
    state: string;
    description: string;
    /** Seconds since the epoch, by the site; rbd-mirror publishes every 30 s. */
    lastUpdate: number;
    globalId: string;
    /** false while mirroring is being switched off */
    enabled: boolean;
    primary: boolean;
    /** false: mirrored by snapshots, which Cinder does not do */
    journal: boolean;
    peers: { state: string; description: string; lastUpdate: number; uuid: string }[];
    /** Newest committed [tag, entry] by journal client, live; '' is the writer, the others are peers' mirror uuids. */
    positions?: Record<string, [number, number]> | null;
    /** Addresses of clients that have a primary image open; undefined where not asked or not seen. */
    users?: string[] | null;
}

export interface DaemonView {
    id: string;
    name: string;
    hostname: string;
    /** Last beacon, seconds since the epoch by the cluster's clock. */
    beacon: number;
}

/** One site's view of a pool. */
export interface PoolView {
    now: number;
    fsid: string;
    images: Record<string, ImageView>;
    /** Names of all images, mirrored or not. */
    all: string[];
    /** direction: 0 rx, 1 tx, 2 rx-tx */
    peers: { site: string; uuid: string; direction: number }[];
    daemons: { list?: DaemonView[]; error?: string };
    /**
     * Of the OSD map and the pool, those that keep writes waiting or soon will, and of the pools that hold its images' data,
     * by name; see core/room.ts.
     */
    flags: { list?: string[]; data?: Record<string, string[]>; error?: string };
    /** All mirrored pools of its cluster, and why it is not known of some; where that was asked. */
    mirrored?: { list: string[]; unseen?: string };
}

/**
 * When a site's rbd-mirror last said anything: by a beacon to the mgr, or by an image's status; 0 where it never did.
 * Statuses count as well, since after a freeze of the whole cluster a mgr has been seen to get no beacon any more of a
 * daemon that replayed and published all the time (Ceph 16.2).
 */
export const newestStamp = ({ images, daemons }: PoolView): number =>
    Math.max(
        0,
        ...Object.values(images).map(({ lastUpdate }) => lastUpdate),
        ...(daemons.list ?? []).map(({ beacon }) => beacon),
    );

/** Why a site's pool could not be seen. */
export interface Unseen {
    unseen: string;
    /** The look was cut off by its limit of time: no word, either way. */
    isLate?: true;
    /** Its cluster answers, whatever became of the look. */
    lives?: true;
}

/** A pool's view by site; a site that could not be asked has the reason instead. */
export type Views = Record<Role, PoolView | Unseen>;

export const isSeen = (view: PoolView | Unseen): view is PoolView => !("unseen" in view);

/** A volume as far as replication is concerned. */
export interface VolumeFacts {
    id: string;
    name: string;
    status: string;
    replicationStatus: string | null;
    /** `host@section#pool` */
    host: string;
    project: string;
    /** Name of its RBD image. */
    image: string;
    bootable: boolean;
    /** Size in GiB; undefined where Cinder names none. */
    sizeGib?: number;
    servers: string[];
    type: string;
    /** What the type's extra spec says, verbatim; undefined where there is none. */
    typeSpec?: string;
}

/**
 * Cinder's own rule, in its manager: everything but these two is moved as replicated, NULL and `error` included.
 */
export const isReplicated = ({ replicationStatus }: VolumeFacts): boolean =>
    replicationStatus !== "disabled" && replicationStatus !== "not-capable";

/** One volume beside its image on both sites. */
export interface Pair {
    volume: VolumeFacts;
    primary?: ImageView;
    secondary?: ImageView;
}

/** Whether the secondary has what it has from the primary, and so nothing newer: an image that follows takes no writes. */
export const followsPrimary = ({ primary, secondary }: Pair): boolean =>
    primary?.primary === true &&
    secondary?.primary === false &&
    secondary.globalId === primary.globalId &&
    /^up\+(?:syncing|replaying)$/.test(secondary.state);

/**
 * Whether a volume that Cinder serves from the secondary is whole on the primary, and there alone: the secondary has no
 * image of it, or a copy that rbd-mirror made when the primary was back, and that Cinder could not promote.
 */
export function isWholeOnPrimary(pair: Pair, { secondary }: Views): boolean {
    const { volume } = pair;
    if (pair.primary?.primary !== true || !isSeen(secondary)) return false;
    return pair.secondary === undefined
        ? !secondary.all.includes(volume.image)
        : volume.replicationStatus === "failover-error" && followsPrimary(pair);
}

/**
 * Whether the other site lacks only rbd-mirror's word for it: nothing was written since it last reported. It says that it
 * has the last entry with the next flush of the image, and an image that nobody has open gets none (seen on Ceph 16.2).
 */
export function isUnflushed(writer: ImageView | undefined, reader: ImageView | undefined): boolean {
    const lag = lagOf(writer, reader);
    const written = writer?.positions?.[""];
    return (
        (lag?.entries ?? 0) > 0 &&
        written !== undefined &&
        lag?.writer?.[0] === written[0] &&
        lag.writer[1] === written[1]
    );
}

/**
 * How far the other site is behind the writing one. Live from the journal's own positions where both are of one tag,
 * else as rbd-mirror last published it.
 * @param writer the image on the site that is active
 * @param reader the same image on the other site
 */
export function lagOf(
    writer: ImageView | undefined,
    reader: ImageView | undefined,
): Lag | undefined {
    const published = reader === undefined ? undefined : parseLag(reader.description);
    const { "": written, ...peers } = writer?.positions ?? {};
    const read = Object.values(peers).reduce<[number, number] | undefined>(
        (best, at) =>
            best === undefined || at[0] > best[0] || (at[0] === best[0] && at[1] > best[1])
                ? at
                : best,
        undefined,
    );
    if (written === undefined || read === undefined) return published;
    if (written[0] !== read[0])
        return { ...published, entries: Math.max(published?.entries ?? 0, 1) };
    const entries = Math.max(written[1] - read[1], 0);
    return { ...published, entries };
}

/** Whether rbd-mirror replays an image, by its last word; `down` of a daemon that is gone takes nothing back. */
export const isReplaying = (image: ImageView | undefined): boolean =>
    image !== undefined && /\+replaying$/.test(image.state);
