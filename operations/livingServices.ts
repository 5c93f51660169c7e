import { activeSide, type ServiceRow } from "../core/service";
import type { Journal } from "./journal";
import { rowsNow } from "./moveBackend";
import { inParallel } from "./parallel";
import { type Run } from "./run";
import { pause } from "./wait";

/** cinder-volume reports every 10 s, and a connect to a dead site keeps it from answering for some seconds. */
const LIFE_MILLISECONDS = 16_000;
/**
 * Services asked at a time. Cinder's API waits up to its rpc_response_timeout of 60 s for one that hangs, whoever has
 * hung up, and each waiting request may keep one of its few processes (uWSGI, mod_wsgi) from all others.
 */
const ASKED_AT_A_TIME = 2;
const RPC_RESPONSE_MILLISECONDS = 60_000;
const SILENT = "silent services";

/** Services that an earlier run of the operation has asked in vain: Cinder's API may be waiting for them still. */
const silentBefore = ({ entries }: Journal): string[] =>
    entries.flatMap((e) =>
        e.step === SILENT && Date.now() - Date.parse(e.at) < RPC_RESPONSE_MILLISECONDS
            ? (e.data as string[])
            : [],
    );

/** Whether Cinder can move it: one that is down it cannot, and one that has moved need not. */
const isOpen = (run: Run, row: ServiceRow): boolean =>
    row.state === "up" && activeSide(row, run.backend) !== "secondary";

/**
 * Asks services whether they live, a few at a time; one that hangs has not reported for longest, and is asked last.
 * @param answered takes each answer: false from the question on, undefined where nobody may ask
 */
async function askAll(
    run: Run,
    rows: readonly ServiceRow[],
    answered: Map<string, boolean | undefined>,
    enough: AbortSignal,
): Promise<void> {
    const byReport = rows.toSorted((a, b) =>
        (b.updated_at ?? "").localeCompare(a.updated_at ?? ""),
    );
    await inParallel(byReport, ASKED_AT_A_TIME, new AbortController().signal, async (row) => {
        if (enough.aborted) return;
        answered.set(row.host, false);
        // Members of a cluster answer for each other.
        const ask = row.cluster == null;
        answered.set(row.host, ask ? await run.parts.cinder.answers(row.host, enough) : undefined);
    });
}

/**
 * Rows whose process lives: it answers a message of now. Where it cannot be asked, a report since the command began says
 * so too; but a service that starts writes its row as well.
 */
export async function alive(
    run: Run,
    first: readonly ServiceRow[],
    since: number,
): Promise<Set<string>> {
    const silent = silentBefore(run.journal);
    const answered = new Map<string, boolean | undefined>(silent.map((host) => [host, false]));
    const reports = new Map(first.map(({ host, updated_at }) => [host, updated_at]));
    const enough = new AbortController();
    const toAsk = first.filter((row) => isOpen(run, row) && !silent.includes(row.host));
    const asking = { isOpen: true };
    const asked = askAll(run, toAsk, answered, enough.signal).finally(() => {
        asking.isOpen = false;
    });
    /** @param isLate those that wait for their question are told by their reports now */
    const lives = ({ host, state, updated_at }: ServiceRow, isLate: boolean) =>
        state === "up" &&
        (isLate || answered.has(host)) &&
        (answered.get(host) ?? updated_at !== reports.get(host));
    try {
        for (;;) {
            const rows = await rowsNow(run);
            const isLate = performance.now() - since > LIFE_MILLISECONDS;
            const hosts = (kept: ServiceRow[]) => kept.map(({ host }) => host);
            const living = hosts(rows.filter((row) => lives(row, isLate)));
            const waiting = hosts(rows.filter((row) => isOpen(run, row))).filter(
                (host) => !living.includes(host) && !silent.includes(host),
            );
            if (waiting.length === 0) return new Set(living);
            if (isLate) {
                const data = waiting.filter((host) => answered.get(host) === false);
                if (data.length > 0) run.journal.append({ kind: "noted", step: SILENT, data });
                return new Set(living);
            }
            const next = pause(500, run.signal);
            await (asking.isOpen ? Promise.race([next, asked]) : next);
        }
    } finally {
        enough.abort();
        await asked;
    }
}
