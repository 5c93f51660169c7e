/** Volumes that something concerns. */
export interface Touched {
    volumes: number;
    gigabytes: number;
    /** Volumes that a server has attached. */
    attached: number;
}

/** How far one backend's images are behind, as the site that replays them says. */
export interface Lag {
    images: number;
    replaying: number;
    /** The most `entries_behind_primary` of any image; undefined where no image names it. */
    entriesBehind?: number;
}

/** What the cloud and the clusters say at the moment of the review. */
export interface Live {
    /** By name of the volume type. */
    types: Record<string, Touched>;
    /** By cinder.conf section. */
    backends: Record<string, Touched & { lag?: Lag }>;
    /** What hosts or types say otherwise than the stack believes. */
    drift: string[];
    /** What could not be seen. */
    problems: string[];
}
