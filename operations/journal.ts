import { wordsOf } from "../core/problem";
import {
    closeSync,
    existsSync,
    fstatSync,
    fsyncSync,
    ftruncateSync,
    openSync,
    readFileSync,
    rmSync,
    truncateSync,
    writeSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";

import {
    begunOf,
    isOpen,
    operationId,
    resultOf,
    workerOf,
    type Begun,
    type Ended,
    type JournalEntry,
} from "../core/operation";
import type { Consented } from "../core/reportConsents";
import {
    fileOf,
    JournalError,
    journalFolder,
    listJournals,
    makeFolder,
    nextOrder,
    readJournal,
} from "./journalFolder";

/** Another process of this machine works on the operation: to wait for, and no fault. */
export class BusyError extends JournalError {
    override readonly name = "BusyError";
}

/** An id that nobody else has, see {@link operationId}. */
export const newOperationId = (verb: string, backend: string): string =>
    operationId(new Date(), verb, backend, randomBytes(2).toString("hex"));

/** `user@machine` */
export const whoAmI = (): string => `${userInfo().username}@${hostname()}`;

const isAlive = (pid: number): boolean => {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        // EPERM: it is somebody else's, and alive.
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
};

/** The living process that a file of {@link claim} names, if it is still there. */
function workerIn(file: string): number | undefined {
    const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    // Empty after a loss of power: and pid 0 would be this process's own group.
    return pid > 0 && isAlive(pid) ? pid : undefined;
}

/** Whether a process of this machine works on an operation now. */
export const isWorkedOn = (id: string, folder = journalFolder()): boolean =>
    workerIn(`${fileOf(folder, id)}.pid`) !== undefined;

/** Whether this machine knows that an operation is over: nobody goes on with it, whatever it has left. */
export function isKnownOver(id: string, folder = journalFolder()): boolean {
    if (!listJournals(folder).includes(id) || isWorkedOn(id, folder)) return false;
    return !isOpen(readJournal(id, folder));
}

/**
 * Makes the file that says which process works on a journal; a dead process's file is taken over.
 * @param entries of the journal so far; they say who works on it
 * @throws BusyError
 */
function claim(file: string, entries: readonly JournalEntry[]): void {
    for (let tries = 0; tries < 2; tries++) {
        try {
            const handle = openSync(file, "wx", 0o600);
            writeSync(handle, String(process.pid));
            closeSync(handle);
            return;
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
        const pid = workerIn(file);
        if (pid !== undefined && pid !== process.pid)
            throw new BusyError(
                `${workerOf(entries)} (process ${String(pid)} on this machine, by ${file})`,
            );
        rmSync(file, { force: true });
    }
    throw new BusyError("another process has just begun to work on this operation");
}

/** A disk that fills up takes a part without an error: what comes next would then stand on the same line. */
function writeWhole(handle: number, text: Buffer): void {
    for (let at = 0; at < text.length;) at += writeSync(handle, text, at);
}

/**
 * The record of one operation on this machine: written to disk (fsync) before and after each step, so that a killed
 * operation can go on where it was.
 */
export class Journal {
    private constructor(
        private readonly file: string,
        readonly entries: JournalEntry[],
        private readonly handle: number,
    ) {}

    get id(): string {
        return this.begun.id;
    }

    get begun(): Begun {
        return begunOf(this.entries);
    }

    static create(begun: Begun, folder = journalFolder()): Journal {
        makeFolder(folder);
        const file = fileOf(folder, begun.id);
        const order = nextOrder(folder);
        claim(`${file}.pid`, []);
        let handle: number;
        try {
            handle = openSync(file, "ax", 0o600);
        } catch (error) {
            rmSync(`${file}.pid`, { force: true });
            throw new JournalError(
                `${file} cannot be made (${(error as NodeJS.ErrnoException).code ?? ""})`,
            );
        }
        const journal = new Journal(file, [], handle);
        journal.append({ kind: "begun", data: { ...begun, order } });
        return journal;
    }

    /**
     * Goes on with a journal; only one process at a time may.
     * @param said consents given with the command that goes on; they are no entries of their own, since a move takes
     * those for its plan's
     * @throws BusyError
     */
    static resume(id: string, folder = journalFolder(), said: readonly Consented[] = []): Journal {
        const entries = readJournal(id, folder);
        begunOf(entries);
        const file = fileOf(folder, id);
        claim(`${file}.pid`, entries);
        // A line that was cut short must not swallow the next one.
        const text = readFileSync(file);
        truncateSync(file, text.lastIndexOf("\n") + 1);
        const journal = new Journal(file, entries, openSync(file, "a", 0o600));
        journal.append({ kind: "resumed", data: { who: whoAmI(), said } });
        return journal;
    }

    /** @throws JournalError where the entry cannot be kept; the journal is then as it was */
    append(entry: Omit<JournalEntry, "at">): void {
        const whole = { at: new Date().toISOString(), ...entry };
        const { size } = fstatSync(this.handle);
        try {
            writeWhole(this.handle, Buffer.from(`${JSON.stringify(whole)}\n`));
            fsyncSync(this.handle);
        } catch (error) {
            ftruncateSync(this.handle, size);
            throw new JournalError(
                `${this.file} cannot be written (${(error as NodeJS.ErrnoException).code ?? ""})`,
                { cause: error },
            );
        }
        this.entries.push(whole);
    }

    /** The recorded result of a step that is done. */
    result(step: string): unknown {
        return resultOf(this.entries, step)?.data;
    }

    /**
     * Does a step and records it. A step that is recorded as done is not done again: its recorded result is returned.
     * A step that was only started is done again, so `work` must look before it acts.
     * @param work its result is recorded, and must therefore be plain
     */
    async step<T>(step: string, work: () => Promise<T>): Promise<T> {
        const known = resultOf(this.entries, step);
        if (known !== undefined) return known.data as T;
        return this.always(step, work);
    }

    /** Like {@link step}, but done anew by each resume: for what must be true now. */
    async always<T>(step: string, work: () => Promise<T>): Promise<T> {
        this.append({ kind: "started", step });
        const start = performance.now();
        const seconds = () => Math.round(performance.now() - start) / 1000;
        try {
            const data = await work();
            this.append({ kind: "done", step, seconds: seconds(), data: data ?? null });
            return data;
        } catch (error) {
            const reason = wordsOf(error);
            this.append({ kind: "failed", step, seconds: seconds(), data: { reason } });
            throw error;
        }
    }

    end(ended: Ended): void {
        this.append({ kind: "ended", data: ended });
    }

    close(): void {
        closeSync(this.handle);
        rmSync(`${this.file}.pid`, { force: true });
    }
}
