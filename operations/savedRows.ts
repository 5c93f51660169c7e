import type { CinderHost, SavedRows } from "./cinderHost";
import type { Run } from "./run";

/** Journal notes that hold rows as they were. */
const SAVED = "saved rows";

interface Saved {
    /** Through whose Cinder they were read. */
    host: string;
    /** Hosts that ran the service then. */
    runners: string[];
    service: string;
    rows: SavedRows;
}

export const savedRows = (run: Run): Saved[] =>
    run.journal.entries.flatMap((e) =>
        e.kind === "noted" && e.step === SAVED ? [e.data as Saved] : [],
    );

/** Saves a service's rows as they were before this operation wrote the first of them. */
export async function saveOnce(
    run: Run,
    host: CinderHost,
    service: string,
    runners: readonly CinderHost[] = [],
): Promise<void> {
    if (savedRows(run).some((saved) => saved.service === service)) return;
    const rows = await host.saveRows(service);
    const names = runners.map((one) => one.host.name);
    const data: Saved = { host: host.host.name, runners: names, service, rows };
    run.journal.append({ kind: "noted", step: SAVED, data });
}
