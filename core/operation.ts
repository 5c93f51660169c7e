/** What an operation's journal holds, one entry a line; the file is only ever appended to. */
export interface JournalEntry {
    /** UTC, ISO 8601, by the clock of the machine that runs cinder-dr. */
    at: string;
    kind:
        | "begun"
        | "resumed"
        | "planned"
        | "consented"
        | "started"
        | "done"
        | "failed"
        | "noted"
        | "ended";
    /** The step that an entry of kind started, done or failed is about; a note's subject. */
    step?: string;
    /** Seconds that a step took, by a monotonic clock. */
    seconds?: number;
    /** What was seen or done, plain and without secrets. */
    data?: unknown;
}

/** Where the topology is read. */
export interface Source {
    /** Name of a Pulumi stack: its `Pulumi.<stack>.yaml` in the working directory is read. */
    stack?: string;
    /** A file with the topology itself, or a stack's file. */
    topology?: string;
}

/** A pool on two sites, as the Cinder of one cloud uses it: what tells backends of one section's name from each other. */
export interface MirroredPool {
    /**
     * Cinder's service in its Keystone's catalog, and the region: `<service id>/<region>`. Whatever URL, clouds.yaml entry,
     * login or project leads there, it is the same.
     */
    cloud: string;
    /** Names of the primary and the secondary site in the topology. */
    sites: [primary: string, secondary: string];
    pool: string;
}

/** The first entry's data: who does what. */
export interface Begun {
    /** `20261122T201503-failover-ceph`: when, verb, backend; names the file too. */
    id: string;
    /** The verb with what makes it that verb, e.g. `failover --forced`. */
    verb: string;
    /** cinder.conf section. */
    backend: string;
    /** Which backend of that section; journals of before this field lack it. */
    of?: MirroredPool;
    /** Login name and machine of who runs it. */
    who: string;
    /** Version of cinder-dr. */
    version: string;
    /** The flags that shape the operation, to go on with the same ones. */
    flags: Record<string, unknown>;
    /** Above that of every journal that was in the folder then; journals of before this field lack it. */
    order?: number;
    /**
     * UTC, ISO 8601: the machine's clock, or that of a journal that was in the folder then where it was ahead. Defaults to
     * the entry's time.
     */
    clock?: string;
}

/** How an operation ended. */
export type Outcome =
    | "done"
    | "refused"
    | "failed"
    | "interrupted"
    | "partial"
    /** Killed, and not gone on with: a later operation took away what it left. */
    | "abandoned";

/** The last entry's data. */
export interface Ended {
    outcome: Outcome;
    /** One sentence. */
    fact: string;
    /** What is left to do, in the order to do it. */
    left: string[];
}

/**
 * `20261122T201503-failover-ceph-7f2a`
 * @param salt tells apart two operators who begin in the same second: who has a lock's id has the lock
 */
export const operationId = (now: Date, verb: string, backend: string, salt: string): string =>
    `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}-${verb.split(" ")[0] ?? verb}-${backend}-${salt}`;

export function begunOf(entries: readonly JournalEntry[]): Begun {
    const first = entries[0];
    if (first?.kind !== "begun") throw new Error("the journal does not start with kind 'begun'");
    return first.data as Begun;
}

/** How the operation ended; undefined while it runs, and when it was killed. */
export function endedOf(entries: readonly JournalEntry[]): Ended | undefined {
    const last = entries.findLast((entry) => entry.kind === "ended" || entry.kind === "resumed");
    return last?.kind === "ended" ? (last.data as Ended) : undefined;
}

/** Who works on an operation since when, and on which one; a part of a sentence. */
export function workerOf(entries: readonly JournalEntry[]): string {
    const last = entries.findLast(({ kind }) => kind === "begun" || kind === "resumed");
    if (last === undefined) return "somebody begins an operation";
    const { id, verb, who: first } = begunOf(entries);
    const who = (last.data as { who?: string } | undefined)?.who ?? first;
    return `${who} runs \`${verb}\` since ${last.at} (operation ${id})`;
}

/** The result of a step that is done; undefined otherwise. */
export const resultOf = (
    entries: readonly JournalEntry[],
    step: string,
): JournalEntry | undefined =>
    entries.findLast((entry) => entry.kind === "done" && entry.step === step);

/** What was last noted of a subject; undefined where nothing was. */
export const noteOf = (entries: readonly JournalEntry[], subject: string): unknown =>
    entries.findLast((entry) => entry.kind === "noted" && entry.step === subject)?.data;

/** Whether there is something to go on with: begun, and neither done, refused nor abandoned. */
export const isOpen = (entries: readonly JournalEntry[]): boolean => {
    const outcome = endedOf(entries)?.outcome;
    return outcome !== "done" && outcome !== "refused" && outcome !== "abandoned";
};

/** The journal's notes of images that are about to be thrown away, and that all of them follow again. */
export const DISCARDING = "discarding";
export const SETTLED = "settled";

/** The part of a failback that leaves the backend where it is. */
export const RESYNC_ONLY = "failback --resync-only";

/** Verbs that leave a backend on the other side, or prepare that; what `resume` goes on with. */
export const isMove = (verb: string): boolean => /^fail(?:over|back)\b/.test(verb);
