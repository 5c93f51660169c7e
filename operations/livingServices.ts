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
 * Rows whose process lives: it answers a message of now. Where it cannot be asked, and in a cluster, whose members
 * answer for each other, a report since the command began says so too; but a service that starts writes its row as well.
 */
export async function alive(
    run: Run,
    first: readonly ServiceRow[],
    since: number,
): Promise<Set<string>> {
    const silent = silentBefore(run.journal);
    const answered = new Map<string, boolean | undefined>(silent.map((host) => [host, false]));
    const enough = new AbortController();
    const ask = async ({ host, cluster }: ServiceRow) => {
        if (enough.signal.aborted) return;
        answered.set(host, false);
        const answer =
            cluster == null ? await run.parts.cinder.answers(host, enough.signal) : undefined;
        answered.set(host, answer);
    };
    // One that hangs has not reported for longest: it is asked last.
    const byReport = first
        .filter((row) => isOpen(run, row) && !silent.includes(row.host))
        .sort((a, b) => (b.updated_at ?? "").localeCompare(a.updated_at ?? ""));
    const asked = inParallel(byReport, ASKED_AT_A_TIME, new AbortController().signal, ask);
    /** @param isLate those that wait for their question are told by their reports now */
    const lives = (row: ServiceRow, isLate: boolean) => {
        const before = first.find(({ host }) => host === row.host);
        const hasReported = row.updated_at !== before?.updated_at;
        return (
            row.state === "up" &&
            (isLate || answered.has(row.host)) &&
            (answered.get(row.host) ?? hasReported)
        );
    };
    try {
        for (;;) {
            const rows = await rowsNow(run);
            const isLate = performance.now() - since > LIFE_MILLISECONDS;
            const living = rows.filter((row) => lives(row, isLate));
            const open = rows.filter((row) => isOpen(run, row) && !living.includes(row));
            const waiting = open.map(({ host }) => host).filter((host) => !silent.includes(host));
            if (waiting.length === 0 || isLate) {
                const unanswered = waiting.filter((host) => answered.get(host) === false);
                if (unanswered.length > 0)
                    run.journal.append({ kind: "noted", step: SILENT, data: unanswered });
                return new Set(living.map(({ host }) => host));
            }
            await pause(500, run.signal);
        }
    } finally {
        enough.abort();
        await asked;
    }
}
