import { resultOf, type JournalEntry } from "./operation";
import { reportOf } from "./report";

/** Bytes that took so many seconds. */
export interface Speed {
    bytes: number;
    seconds: number;
}

/** What the last move of its kind took. */
export interface Measured {
    /** Its operation's id. */
    id: string;
    /** Seconds of all phases, without a failback's resync. */
    seconds: number;
    volumes: number;
    /** By the sizes of the images, of which some may have been nearly empty. */
    resync?: Speed;
    /** Bytes read on each site. */
    compare?: Speed;
}

/** The journal's note of how large the images are that a failback resyncs, in bytes. */
export const RESYNC_BYTES = "resync bytes";

const speed = (bytes: unknown, seconds: number | undefined): Speed | undefined =>
    typeof bytes === "number" && bytes > 0 && seconds !== undefined && seconds > 0
        ? { bytes, seconds }
        : undefined;

/**
 * What a move took by its journal. Undefined of one that was resumed: its phases are those of the last run alone, and
 * what was done before the kill would count as nothing.
 */
export function measuredIn(entries: readonly JournalEntry[]): Measured | undefined {
    const { id, outcome, runs, phases, losses } = reportOf(entries);
    if (outcome !== "done" || runs.length > 1) return undefined;
    const copying = ["discard", "resync"];
    const seconds = phases
        .filter(({ phase }) => !copying.includes(phase))
        .reduce((sum, phase) => sum + phase.seconds, 0);
    if (seconds <= 0) return undefined;
    // One note for each time that images were flagged.
    const flagged = entries.reduce(
        (sum, { kind, step, data }) =>
            kind === "noted" && step === RESYNC_BYTES && typeof data === "number"
                ? sum + data
                : sum,
        0,
    );
    const waited = phases.find(({ phase }) => phase === "resync")?.seconds;
    const compared = resultOf(entries, "bytes");
    const read = (compared?.data as { bytes?: unknown } | null | undefined)?.bytes;
    const [resync, compare] = [speed(flagged, waited), speed(read, compared?.seconds)];
    return {
        id,
        seconds,
        volumes: losses.length,
        ...(resync === undefined ? {} : { resync }),
        ...(compare === undefined ? {} : { compare }),
    };
}
