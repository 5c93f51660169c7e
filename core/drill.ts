/** Begins the name of every snapshot and clone of a drill: by it a later run finds what a killed one left. */
export const DRILL_PREFIX = "cinder-dr-drill-";

/**
 * Names of one run's snapshot, the same on every image, and of its clone of one image, which lies in the image's pool.
 * Of the id only the time: krbd takes names of up to 96 characters.
 */
export const drillNames = (id: string, image: string): { snapshot: string; clone: string } => {
    const snapshot = DRILL_PREFIX + id.slice(0, 15);
    return { snapshot, clone: `${snapshot}-${image}` };
};

/** Of one rbd command, as operations/cephSite.ts has it. */
const REMOVE_SECONDS = 60;
/** rbd deletes ten objects of 4 MiB at a time, each in up to 40 ms on busy disks. */
const REMOVED_BYTES_PER_SECOND = 2 ** 30;
const TEAR_DOWN_SECONDS = 900;
/** For a volume's clone, its snapshot and the wait for the other site. */
const TEAR_DOWN_SECONDS_EACH = 12;
const DAY_SECONDS = 86_400;

const deleting = (sizeBytes: number): number => Math.ceil(sizeBytes / REMOVED_BYTES_PER_SECOND);

/**
 * Limit for removing a clone. One that a check has filled or taken the object map from has an object for each 4 MiB to
 * delete, and a removal that is ended begins anew.
 */
export const removeSeconds = (sizeBytes: number): number => REMOVE_SECONDS + deleting(sizeBytes);

/** Limit for taking everything of a drill back: a day at most, since a site that is lost meanwhile fails each command. */
export function tearDownSeconds(sizes: readonly number[], atATime: number): number {
    const each = sizes.map((size) => TEAR_DOWN_SECONDS_EACH + deleting(size));
    const all = each.reduce((sum, seconds) => sum + seconds, 0);
    return Math.min(TEAR_DOWN_SECONDS + Math.ceil(all / atATime), DAY_SECONDS);
}

/** One image that a drill looked at. */
export interface DrilledImage {
    pool: string;
    /** Name in the pool, `volume-<id>`. */
    image: string;
    /** Id and name in Cinder; undefined for a mirrored image that no volume has. */
    volumeId?: string;
    volumeName?: string;
    sizeBytes: number;
    /** Site names: where the image is primary, and where it was cloned. */
    from: string;
    to: string;
    clone: string;
    /**
     * From before the snapshot was asked for until it was seen on the other site: what was written before it is there
     * now, so this is the most that a loss of the primary at that moment would have cost. Upper bound, in seconds.
     */
    rpoSeconds?: number;
    cloneSeconds?: number;
    /** SHA-256 of the whole image: of the snapshot on `from`, of the clone on `to`. */
    fromSha256?: string;
    toSha256?: string;
    /** Why this image is not proven; undefined when it is. */
    fault?: string;
}

/** One stretch of the drill, in order. */
export interface DrillPhase {
    name: "look" | "snapshot" | "replicate" | "clone" | "compare" | "check" | "tear down";
    seconds: number;
}

export interface DrillCheck {
    /** What is kept of the operator's command, see {@link shownCheck}; its output is not kept either. */
    command: string;
    site: string;
    /** undefined when it was ended for taking too long, or could not be started. */
    exitCode?: number;
    /** Why it could not be started. */
    fault?: string;
    seconds: number;
}

/** What came of a check that has not passed. */
export function checkEnd({ exitCode, fault }: Pick<DrillCheck, "exitCode" | "fault">): string {
    if (fault !== undefined) return `could not be started: ${fault}`;
    if (exitCode === undefined) return "was ended: it took too long";
    return `ended with exit code ${String(exitCode)}`;
}

/**
 * What journal, report and output show of the operator's check: its program and how many words follow. The words may hold
 * a password, and these three are kept and handed on; a digest of a weak one could be tried out. An assignment, a quote or
 * a pipe in the first word makes it no program's name.
 */
export function shownCheck(command: string): string {
    const [program = "", ...further] = command.trim().split(/\s+/);
    const name = /^[\w.+/-]+$/.test(program) ? program : undefined;
    const words = `${String(further.length)} further word${further.length === 1 ? "" : "s"}`;
    if (name === undefined) return "a shell command";
    return further.length === 0 ? name : `${name} (${words})`;
}

export interface DrillReport {
    verb: "drill";
    /** `20261122T201503-drill-ceph` */
    id: string;
    /** Login name and machine of who ran it. */
    who: string;
    /** ISO 8601, UTC, by the clock of the machine that ran it. */
    startedAt: string;
    endedAt: string;
    /** cinder.conf section. */
    backend: string;
    /** Every image proven, every check passed, nothing left. */
    ok: boolean;
    images: DrilledImage[];
    checks: DrillCheck[];
    phases: DrillPhase[];
    /** The largest of the images' bounds; undefined when no snapshot arrived. */
    rpoSeconds?: number;
    /** From «the data is there» to usable: the phases clone and check. Cinder's own failover is not in it. */
    rtoSeconds?: number;
    /** Snapshots and clones of killed runs that this one removed. */
    leftoversRemoved: string[];
    /** What this run could not remove. */
    left: string[];
}

export const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** @returns the drill's RPO and RTO, each undefined when it was not measured */
export function measured(
    images: readonly DrilledImage[],
    phases: readonly DrillPhase[],
): Pick<DrillReport, "rpoSeconds" | "rtoSeconds"> {
    const bounds = images.flatMap((image) => image.rpoSeconds ?? []);
    const usable = phases.filter(({ name }) => name === "clone" || name === "check");
    const cloned = images.some((image) => image.cloneSeconds !== undefined);
    return {
        ...(bounds.length === 0 ? {} : { rpoSeconds: Math.max(...bounds) }),
        ...(cloned
            ? { rtoSeconds: rounded(usable.reduce((sum, { seconds }) => sum + seconds, 0)) }
            : {}),
    };
}

/** Why the two sides of an image are not proven equal, or undefined. */
export function compareFault({ from, to, fromSha256, toSha256 }: DrilledImage): string | undefined {
    if (fromSha256 === undefined || toSha256 === undefined) return "was not compared";
    if (fromSha256 === toSha256) return undefined;
    return `${to} holds other bytes than ${from} did at the snapshot`;
}
