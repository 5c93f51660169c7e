import { volumes as counted } from "./consents";
import { needOf, needsResync } from "./failback";
import type { Measured, Speed } from "./measured";
import { isReplaying, type Pair } from "./replica";
import { replicated, type Move, type Survey } from "./survey";

const GIB = 1 << 30;
/** Bytes of each image that a failback compares unless it is told otherwise. */
export const COMPARE_BYTES = GIB;

/** One part of a move's time. */
export interface Part {
    part: string;
    /** Undefined where nothing here says it. */
    seconds?: number;
    /** What the figure rests on, or why there is none. */
    from: string;
}

/** How long a move is expected to take. */
export interface Duration {
    /** Sum of the parts; undefined while one of them is not known. */
    seconds?: number;
    parts: Part[];
}

const THUMB = "a rule of thumb: none was measured here yet";
/** Cinder moves one volume of a host after another, each in 0.4 s (seen on Cinder 21.3.1, two busy cores). */
const EACH_SECONDS = 0.4;
/** A host's rows are saved and written, and its service stopped and started, six hosts at a time (seen on the lab). */
const ROWS_SECONDS = 12;
/** Without Cinder, eight images are promoted at once, in 0.3 s for 12 (seen on the lab). */
const EACH_BY_ROWS_SECONDS = 0.03;
const eachSeconds = (byRows: boolean): number => (byRows ? EACH_BY_ROWS_SECONDS : EACH_SECONDS);
/** The promotions wait for the demotions, up to 15 s; gate and proofs around it. */
const ORDERLY_SECONDS = 16;

/**
 * A forced failover by its legs, as seen with 12 volumes: 47 s. Cinder's driver tries the dead site three times, for
 * replication_connect_timeout each, and waits 15 s between (seen on Cinder 21.3.1 with its rados_connection_* defaults).
 */
function forcedLegs({ backend, names }: Survey, volumes: number, byRows: boolean): Part[] {
    const tries = 3 * backend.replicationConnectTimeoutSeconds + 15;
    return [
        { part: "look", seconds: 6, from: THUMB },
        { part: "end of rbd-mirror", seconds: 1, from: THUMB },
        byRows
            ? { part: "rows, stop and start of cinder-volume", seconds: ROWS_SECONDS, from: THUMB }
            : {
                  part: `Cinder's tries to reach ${names.primary}`,
                  seconds: tries,
                  from: `3 × replication_connect_timeout (${String(backend.replicationConnectTimeoutSeconds)} s) and 15 s between them; --write-all-rows does without`,
              },
        { part: "promotions", seconds: Math.ceil(eachSeconds(byRows) * volumes), from: THUMB },
        { part: "proof", seconds: 5, from: THUMB },
    ];
}

function moveParts(
    survey: Survey,
    move: Move,
    volumes: number,
    measured?: Measured,
    byRows = false,
): Part[] {
    if (measured === undefined) {
        if (move === "forced") return forcedLegs(survey, volumes, byRows);
        return [
            {
                part: "move",
                seconds: Math.round(ORDERLY_SECONDS + EACH_SECONDS * volumes),
                from: THUMB,
            },
        ];
    }
    const more = (volumes - measured.volumes) * eachSeconds(byRows);
    return [
        {
            part: "move",
            seconds: Math.round(Math.max(measured.seconds + more, 1)),
            from: `operation ${measured.id}: ${measured.seconds.toFixed(1)} s for ${counted(measured.volumes)}`,
        },
    ];
}

/** Bytes by the images' sizes, an upper bound of what they hold; undefined where Cinder names no size. */
export function sizeOf(pairs: readonly Pair[], most = Infinity): number | undefined {
    const sizes = pairs.map(({ volume }) => volume.sizeGib);
    return sizes.includes(undefined)
        ? undefined
        : sizes.reduce<number>((sum, size) => sum + Math.min((size ?? 0) * GIB, most), 0);
}

function bytesPart(
    part: string,
    bytes: number | undefined,
    speed: Speed | undefined,
    id?: string,
): Part {
    if (bytes === undefined) return { part, from: "Cinder names no size" };
    const named = `${part} of up to ${(bytes / GIB).toFixed(1)} GiB`;
    if (speed === undefined || id === undefined)
        return { part: named, from: "its speed was not measured here yet" };
    return {
        part: named,
        seconds: Math.max(Math.round((bytes / speed.bytes) * speed.seconds), 1),
        from: `operation ${id}: ${(speed.bytes / GIB).toFixed(1)} GiB in ${speed.seconds.toFixed(1)} s`,
    };
}

/** What comes before a failback: forked images are copied whole. */
function resyncParts(survey: Survey, moved: readonly Pair[], measured?: Measured): Part[] {
    const forked = moved.filter(needsResync);
    const late = moved.filter(
        (pair) => needOf(pair, survey) === "wait" && !isReplaying(pair.primary),
    );
    return [
        ...(forked.length === 0
            ? []
            : [bytesPart("resync", sizeOf(forked), measured?.resync, measured?.id)]),
        ...(late.length === 0
            ? []
            : [
                  {
                      part: `sync of ${counted(late.length)}`,
                      from: `on ${survey.names.primary} they do not replay yet`,
                  },
              ]),
    ];
}

const sumOf = (parts: Part[]): Duration =>
    parts.some(({ seconds }) => seconds === undefined)
        ? { parts }
        : { seconds: parts.reduce((sum, { seconds = 0 }) => sum + seconds, 0), parts };

/** How long the resync alone will take of a backend that stays on the secondary. */
export const resyncDurationOf = (survey: Survey, measured?: Measured): Duration =>
    sumOf(resyncParts(survey, replicated(survey), measured));

/**
 * How long a move will take: its parts from the last whole one here, else from a rule of thumb or not known.
 * @param moved volumes that move
 * @param measured what the last one of its kind took, by the same way
 * @param byRows whether a forced one writes the rows of every host, and asks Cinder for nothing
 */
export function durationOf(
    survey: Survey,
    move: Move,
    moved: readonly Pair[],
    measured?: Measured,
    byRows = false,
): Duration {
    const parts = moveParts(survey, move, moved.length, measured, byRows);
    if (move !== "failback") return sumOf(parts);
    // Bytes are compared after it.
    const bytes = sizeOf(moved, COMPARE_BYTES);
    const comparison = bytesPart("comparison", bytes, measured?.compare, measured?.id);
    return sumOf([...parts, ...resyncParts(survey, moved, measured), comparison]);
}

const inWords = ({ part, seconds, from }: Part): string =>
    `${part} ${seconds === undefined ? "not known" : `${String(seconds)} s`} (${from})`;

/** `47 s: move 47 s (operation …: 45.0 s for 12 volumes)` */
export const durationText = ({ seconds, parts }: Duration): string =>
    `${seconds === undefined ? "not known" : `${String(seconds)} s`}: ${parts.map(inWords).join("; ")}`;
