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
        e.step === SILENT &&
        // A clock that was set back since tells nothing, and to ask one too much does no harm.
        Math.abs(Date.now() - Date.parse(e.at)) < RPC_RESPONSE_MILLISECONDS
            ? (e.data as string[])
            : [],
    );

/** Whether Cinder can move it: one that is down it cannot, and one that has moved need not. */
const isOpen = (run: Run, row: ServiceRow): boolean =>
    row.state === "up" && activeSide(row, run.backend) !== "secondary";

/** The question to each service of a backend whether it lives, and what came of it. */
export class LifeSigns {
    /** False from the question on, undefined where nobody may ask. */
    private readonly answered = new Map<string, boolean | undefined>();
    private readonly enough = new AbortController();
    private reports: Map<string, ServiceRow["updated_at"]> | undefined;
    private silent: string[] = [];
    private asked = Promise.resolve();
    private isAsking = false;

    constructor(private readonly run: Run) {}

    /** Begins to ask, unless that is begun. @param rows as they are now: a later report is a sign of life */
    ask(rows: readonly ServiceRow[]): void {
        if (this.reports !== undefined || this.enough.signal.aborted) return;
        this.silent = silentBefore(this.run.journal);
        for (const host of this.silent) this.answered.set(host, false);
        this.reports = new Map(rows.map(({ host, updated_at }) => [host, updated_at]));
        const toAsk = rows.filter(
            (row) => isOpen(this.run, row) && !this.silent.includes(row.host),
        );
        this.isAsking = true;
        this.asked = this.askAll(toAsk).finally(() => {
            this.isAsking = false;
        });
        this.asked.catch(() => undefined); // Kept for `living`, which may not wait for it yet.
    }

    /** Asks no further one. */
    async end(): Promise<void> {
        this.enough.abort();
        await this.asked.catch(() => undefined); // `living` has said it, or nobody wants to know any more.
    }

    /**
     * Rows whose process lives: it answers a message of now. Where it cannot be asked, a report since the question began
     * says so too; but a service that starts writes its row as well.
     * @param since start of the command, by performance.now()
     * @throws what a question failed with
     */
    async living(since: number): Promise<Set<string>> {
        const living = await this.waitForSigns(since);
        this.enough.abort();
        await this.asked;
        return living;
    }

    private async waitForSigns(since: number): Promise<Set<string>> {
        for (;;) {
            const rows = await rowsNow(this.run);
            const isLate = performance.now() - since > LIFE_MILLISECONDS;
            const hosts = (kept: ServiceRow[]) => kept.map(({ host }) => host);
            const living = hosts(rows.filter((row) => this.lives(row, isLate)));
            const waiting = hosts(rows.filter((row) => isOpen(this.run, row))).filter(
                (host) => !living.includes(host) && !this.silent.includes(host),
            );
            if (waiting.length === 0) return new Set(living);
            if (isLate) {
                const data = waiting.filter((host) => this.answered.get(host) === false);
                if (data.length > 0) this.run.journal.append({ kind: "noted", step: SILENT, data });
                return new Set(living);
            }
            const next = pause(500, this.run.signal);
            await (this.isAsking ? Promise.race([next, this.asked]) : next);
        }
    }

    /** @param isLate those that wait for their question are told by their reports now */
    private lives({ host, state, updated_at }: ServiceRow, isLate: boolean): boolean {
        return (
            state === "up" &&
            (isLate || this.answered.has(host)) &&
            (this.answered.get(host) ?? updated_at !== this.reports?.get(host))
        );
    }

    /** Asks a few at a time; one that hangs has not reported for longest, and is asked last. */
    private async askAll(rows: readonly ServiceRow[]): Promise<void> {
        const byReport = rows.toSorted((a, b) =>
            (b.updated_at ?? "").localeCompare(a.updated_at ?? ""),
        );
        const signal = this.enough.signal;
        await inParallel(byReport, ASKED_AT_A_TIME, new AbortController().signal, async (row) => {
            if (signal.aborted) return;
            this.answered.set(row.host, false);
            // Members of a cluster answer for each other.
            const ask = row.cluster == null;
            const { cinder } = this.run.parts;
            this.answered.set(row.host, ask ? await cinder.answers(row.host, signal) : undefined);
        });
    }
}
