import {
    closeSync,
    fstatSync,
    fsyncSync,
    ftruncateSync,
    openSync,
    readFileSync,
    rmSync,
    truncateSync,
} from "node:fs";

import { begunOf, resultOf, type Begun, type Ended, type JournalEntry } from "../core/operation";
import { wordsOf } from "../core/problem";
import type { Consented } from "../core/reportConsents";
import { claim, claimOf, unclaim } from "./claim";
import {
    fileOf,
    JournalError,
    journalFolder,
    makeFolder,
    nextPlace,
    readJournal,
    unwritten,
    writeWhole,
} from "./journalFolder";
import { whoAmI } from "./operator";
import type { Claim } from "./worker";

/** Nothing of the operation is kept yet, so that another folder does as well. */
const elsewhere = (error: unknown): JournalError =>
    new JournalError(
        `${wordsOf(error)}; make room there, or name a folder that can be written in CINDER_DR_JOURNALS, for this operation and all that follow it`,
        { cause: error },
    );

/**
 * The record of one operation on this machine: written to disk (fsync) before and after each step, so that a killed
 * operation can go on where it was.
 */
export class Journal {
    private constructor(
        private readonly file: string,
        readonly entries: JournalEntry[],
        private readonly handle: number,
        /** The process that was at work on it before, and ended without its end. */
        readonly before?: Claim,
    ) {}

    get id(): string {
        return this.begun.id;
    }

    get begun(): Begun {
        return begunOf(this.entries);
    }

    /** @throws JournalError where it cannot be kept; nothing of it is then left */
    static create(begun: Begun, folder = journalFolder()): Journal {
        try {
            makeFolder(folder);
            const place = nextPlace(folder, new Date().toISOString());
            return Journal.begin(fileOf(folder, begun.id), { ...begun, ...place });
        } catch (error) {
            throw elsewhere(error);
        }
    }

    private static begin(file: string, begun: Begun): Journal {
        claim(claimOf(file), begun.id, []);
        const journal = Journal.open(file, "ax", []);
        try {
            journal.append({ kind: "begun", data: begun });
        } catch (error) {
            journal.close();
            rmSync(file, { force: true });
            throw error;
        }
        return journal;
    }

    /**
     * Goes on with a journal; only one process at a time may.
     * @param said consents given with the command that goes on; they are no entries of their own, since a move takes
     * those for its plan's
     * @param broken id of the operation whose process on another machine is known to be gone, by the operator's word
     * @throws BusyError, JournalError
     */
    static resume(
        id: string,
        folder = journalFolder(),
        said: readonly Consented[] = [],
        broken?: string,
    ): Journal {
        const entries = readJournal(id, folder);
        begunOf(entries);
        const file = fileOf(folder, id);
        const before = claim(claimOf(file), id, entries, broken);
        const journal = Journal.open(file, "a", entries, before);
        try {
            journal.append({ kind: "resumed", data: { who: whoAmI(), said } });
        } catch (error) {
            journal.close();
            throw error;
        }
        return journal;
    }

    /** Opens what this process has claimed. */
    private static open(
        file: string,
        flags: "a" | "ax",
        entries: JournalEntry[],
        before?: Claim,
    ): Journal {
        try {
            // A line that was cut short must not swallow the next one.
            if (flags === "a") truncateSync(file, readFileSync(file).lastIndexOf("\n") + 1);
            return new Journal(file, entries, openSync(file, flags, 0o600), before);
        } catch (error) {
            unclaim(claimOf(file));
            throw unwritten(file, error);
        }
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
            throw unwritten(this.file, error);
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
        unclaim(claimOf(this.file));
    }
}
