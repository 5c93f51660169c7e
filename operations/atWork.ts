import { isOpen } from "../core/operation";
import { followerOf } from "../core/operationOrder";
import { claimOf, workerIn } from "./claim";
import {
    fileOf,
    JournalError,
    journalFolder,
    listJournals,
    readJournal,
    readJournals,
} from "./journalFolder";
import type { Worker } from "./worker";

/** Who works on an operation now: a process of this machine, or perhaps one of another. */
export const workerOn = (id: string, folder = journalFolder()): Worker | undefined =>
    workerIn(claimOf(fileOf(folder, id)));

/** Whether this machine knows that an operation is over: nobody goes on with it, whatever it has left. */
export function isKnownOver(id: string, folder = journalFolder()): boolean {
    if (!listJournals(folder).includes(id) || workerOn(id, folder) !== undefined) return false;
    try {
        const entries = readJournal(id, folder);
        return !isOpen(entries) || followerOf(entries, readJournals(folder).journals) !== undefined;
    } catch (error) {
        if (error instanceof JournalError) return false;
        throw error;
    }
}
