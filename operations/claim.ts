import { closeSync, openSync, rmSync } from "node:fs";

import { workerOf, type JournalEntry } from "../core/operation";
import { JournalError, unwritten, writeWhole } from "./journalFolder";
import { OWN, textOf, workerOfClaim, type Claim, type Worker } from "./worker";

/** Another process works on the operation, or may: to wait for, and no fault. */
export class BusyError extends JournalError {
    override readonly name = "BusyError";
}

/** Where a journal's claim is kept. */
export const claimOf = (journal: string): string => `${journal}.pid`;

function claimIn(text: string): Claim | undefined {
    let said: Claim | number | null;
    try {
        said = JSON.parse(text) as Claim | number | null;
    } catch {
        // Empty, or cut short, after a loss of power.
        return undefined;
    }
    // Of before: the pid alone.
    const claim = typeof said === "number" ? { pid: said } : said;
    // Pid 0 would be this process's own group.
    return claim !== null && claim.pid > 0 ? claim : undefined;
}

/** Who works on the journal of this claim's file, or may. */
export function workerIn(file: string): Worker | undefined {
    const claim = claimIn(textOf(file));
    return claim === undefined ? undefined : workerOfClaim(claim);
}

const isOwn = ({ pid, isHere }: Worker): boolean => isHere && pid === process.pid;

function busy(
    file: string,
    id: string,
    entries: readonly JournalEntry[],
    { pid, place, isHere }: Worker,
): BusyError {
    const process = `${workerOf(entries)} (process ${String(pid)} on`;
    if (isHere) return new BusyError(`${process} this machine, by ${file})`);
    const { host = "" } = place ?? {};
    const where = host === OWN.place.host ? ", in another container or before a restart" : "";
    return new BusyError(
        `${process} machine ${host}${where}, by ${file}); nobody can see from here whether it lives: when that is known to be gone, --break-lock ${id} goes on here`,
    );
}

function make(file: string): void {
    const handle = openSync(file, "wx", 0o600);
    try {
        writeWhole(handle, Buffer.from(JSON.stringify(OWN)));
    } catch (error) {
        // Empty it would stand for nobody, and beside a journal that was never begun.
        rmSync(file, { force: true });
        throw error;
    } finally {
        closeSync(handle);
    }
}

/**
 * Makes the file that says which process works on a journal; that of a process known to be gone is taken over.
 * @param entries of the journal so far; they say who works on it
 * @param broken id of the operation that is known to be gone, by the operator's word: it counts for other machines
 * @returns the process that was at work on it before, where it was taken over
 * @throws BusyError, JournalError
 */
export function claim(
    file: string,
    id: string,
    entries: readonly JournalEntry[],
    broken?: string,
): Claim | undefined {
    let before: Claim | undefined;
    for (let tries = 0; tries < 2; tries++) {
        try {
            make(file);
            return before;
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritten(file, error);
        }
        const worker = workerIn(file);
        const isBroken = worker?.isHere === false && broken === id;
        if (worker !== undefined && !isOwn(worker) && !isBroken)
            throw busy(file, id, entries, worker);
        before = claimIn(textOf(file));
        rmSync(file, { force: true });
    }
    throw new BusyError("another process has just begun to work on this operation");
}

/** Takes back what {@link claim} has made, unless another machine has taken the operation over. */
export function unclaim(file: string): void {
    const worker = workerIn(file);
    if (worker === undefined || isOwn(worker)) rmSync(file, { force: true });
}
