/** What `rbd mirror image status --format json` says of one image on one site. */
export interface MirrorStatus {
    /** Verbatim, e.g. `up+replaying`, `up+stopped`, `down+unknown`. */
    state: string;
    description: string;
    /** `entries_behind_primary` of a replaying image; undefined where the status names none. */
    entriesBehindPrimary?: number;
}

/** How far a replaying image is behind, as far as its description says. */
export interface Lag {
    /** Journal entries that the site has not replayed. */
    entries?: number;
    /** Replay speed. */
    entriesPerSecond?: number;
    bytesPerSecond?: number;
    /** [tag, entry] that the writer had reached when rbd-mirror reported. */
    writer?: [number, number];
}

const numberIn = (detail: Record<string, unknown>, key: string): number | undefined => {
    const value = detail[key];
    return typeof value === "number" ? value : undefined;
};

function positionIn(detail: Record<string, unknown>, key: string): [number, number] | undefined {
    const { tag_tid: tag, entry_tid: entry } = (detail[key] ?? {}) as Record<string, unknown>;
    return typeof tag === "number" && typeof entry === "number" ? [tag, entry] : undefined;
}

/** The description of a replaying image is text with JSON in it: `replaying, {"entries_behind_primary":0,…}`. */
export function parseLag(description: string): Lag | undefined {
    const start = description.indexOf("{");
    if (start < 0) return undefined;
    let detail: Record<string, unknown>;
    try {
        detail = JSON.parse(description.slice(start)) as Record<string, unknown>;
    } catch {
        // A description with a brace and no JSON is text of another Ceph release: it names no lag.
        return undefined;
    }
    const lag = {
        entries: numberIn(detail, "entries_behind_primary"),
        entriesPerSecond: numberIn(detail, "entries_per_second"),
        bytesPerSecond: numberIn(detail, "bytes_per_second"),
        writer: positionIn(detail, "primary_position"),
    };
    return Object.fromEntries(Object.entries(lag).filter(([, value]) => value !== undefined));
}

export const parseMirrorStatus = (text: string): MirrorStatus =>
    mirrorStatusOf(JSON.parse(text) as object);

/** @param given the answer of one image, or one of the list that a pool's status holds */
export function mirrorStatusOf(given: { state?: unknown; description?: unknown }): MirrorStatus {
    if (typeof given.state !== "string") throw new Error("rbd mirror image status named no state");
    const description = typeof given.description === "string" ? given.description : "";
    const entries = parseLag(description)?.entries;
    return {
        state: given.state,
        description,
        ...(entries === undefined ? {} : { entriesBehindPrimary: entries }),
    };
}

/** What `rbd info --format json` says of one image, as far as replication needs it. */
export interface ImageInfo {
    sizeBytes: number;
    features: string[];
    /** undefined when the image is not mirrored */
    mirroring?: { mode: string; state: string; primary: boolean };
}

export function parseImageInfo(text: string): ImageInfo {
    const given = JSON.parse(text) as {
        size?: number;
        features?: string[];
        mirroring?: { mode?: string; state?: string; primary?: boolean };
    };
    const mirroring = given.mirroring;
    return {
        sizeBytes: given.size ?? 0,
        features: given.features ?? [],
        // An image that is not mirrored says `"mirroring": {"state": "disabled"}` or nothing.
        ...(mirroring?.state === "enabled"
            ? {
                  mirroring: {
                      mode: mirroring.mode ?? "",
                      state: mirroring.state,
                      primary: mirroring.primary ?? false,
                  },
              }
            : {}),
    };
}

/** Features the RBD driver gives every replicated image. */
export const REPLICATION_FEATURES = ["exclusive-lock", "journaling"] as const;
