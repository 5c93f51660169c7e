import type { CinderHost, SavedRows } from "./cinderHost";
import type { Journal } from "./journal";
import type { Run } from "./run";

/** The journal's notes around the writing of rows, each before what it tells of, but for the last one. */
const STOPPING = "stopping";
const SAVED = "saved rows";
const WRITING = "writing rows";
const STARTED = "started";

/** A service that the operation has stopped. */
export interface Stopped {
    service: string;
    /** Hosts that ran it, which are to run it again. */
    runners: string[];
    /** Host to the --config-file and --config-dir of its process: nothing tells them once it is stopped. */
    arguments?: Record<string, readonly string[]>;
}

/** Rows of a service as they were, or as they were about to be written. */
interface Noted {
    service: string;
    rows: SavedRows;
}

const notes = <T>({ entries }: Journal, step: string): T[] =>
    entries.flatMap((e) => (e.kind === "noted" && e.step === step ? [e.data as T] : []));

/** Rows as they were before the operation wrote the first of them, by service. */
export const savedRows = ({ journal }: Run): Noted[] => notes(journal, SAVED);

/** Rows that the operation wrote, or was about to when it was killed. */
export const writtenRows = ({ journal }: Run): Noted[] => notes(journal, WRITING);

/** What the operation has stopped, and not seen alive since. */
export function stoppedServices({ entries }: Journal): Stopped[] {
    const stopped = new Map<string, Stopped>();
    for (const { kind, step, data } of entries) {
        if (kind !== "noted") continue;
        const one = data as Stopped;
        if (step === STOPPING) stopped.set(one.service, one);
        if (step === STARTED) stopped.delete(one.service);
    }
    return [...stopped.values()];
}

/** Has the hosts of services that an earlier run has stopped read what those did. */
export function recallArguments({ journal, parts }: Run): void {
    for (const stopped of stoppedServices(journal))
        for (const host of parts.hosts)
            host.configArguments ??= stopped.arguments?.[host.host.name];
}

/** Notes who is to run a service again; what an earlier run has noted stands, since it runs nowhere now. */
export function noteStopping({ journal }: Run, stopped: Stopped): void {
    if (!stoppedServices(journal).some(({ service }) => service === stopped.service))
        journal.append({ kind: "noted", step: STOPPING, data: stopped });
}

export function noteStarted({ journal }: Run, service: string): void {
    journal.append({ kind: "noted", step: STARTED, data: { service } });
}

/** Saves a service's rows as they were before this operation wrote the first of them. */
export async function saveOnce(run: Run, writer: CinderHost, service: string): Promise<void> {
    if (savedRows(run).some((saved) => saved.service === service)) return;
    const rows = await writer.saveRows(service);
    run.journal.append({ kind: "noted", step: SAVED, data: { service, rows } satisfies Noted });
}

/** Writes rows of a service through a host's Cinder, noted before and after. @returns how many changed */
export async function writeNoted(
    run: Run,
    writer: CinderHost,
    service: string,
    rows: SavedRows,
): Promise<number> {
    run.journal.append({ kind: "noted", step: WRITING, data: { service, rows } satisfies Noted });
    const count = await writer.writeRows(service, rows);
    run.journal.append({ kind: "noted", step: "rows written", data: { service, count } });
    return count;
}
