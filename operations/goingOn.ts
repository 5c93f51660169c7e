import { backendWords, isSameBackend, type BackendKey } from "../core/backendKey";
import { begunOf } from "../core/operation";
import { workerOn } from "./atWork";
import { fileOf, journalFolder, openJournalOf, readJournal } from "./journalFolder";
import { RefusedError } from "./operationEnd";

/** How long a move's old word and old list of volumes stand without being asked for anew. */
const FRESH_HOURS = 24;
const HOUR_MILLISECONDS = 3_600_000;

/** @throws RefusedError where the operation is about another backend than credentials and topology lead to */
function refuseOther(id: string, own: BackendKey): void {
    const begun = begunOf(readJournal(id));
    // One of before journals told it is known by its id alone.
    if (begun.of === undefined || isSameBackend(begun, own)) return;
    throw new RefusedError(
        `refused, nothing was changed: operation ${id} is of ${backendWords(begun)}; these credentials and this topology lead to ${backendWords(own)} (Cinder by its service id in Keystone, and its region): set OS_CLOUD, and name --stack or --topology, as it was begun`,
    );
}

/** @throws RefusedError where a move lies too far back to be gone on with unasked */
function refuseOld(id: string, broken?: string): void {
    // Whoever works on it is told of when its journal is opened.
    if (workerOn(id) !== undefined && broken !== id) return;
    const entries = readJournal(id);
    const last = entries.at(-1)?.at ?? "";
    // A clock that was set back must not make it young for ever.
    const hours = Math.abs(Date.now() - Date.parse(last)) / HOUR_MILLISECONDS;
    if (hours <= FRESH_HOURS) return;
    const { verb } = begunOf(entries);
    const days = (hours / 24).toFixed(1);
    const word = broken === id ? ` --break-lock ${id}` : "";
    throw new RefusedError(
        `refused, nothing was changed: \`${verb}\` was cut short as operation ${id}, ${days} days ago (last entry ${last}); what it was allowed then may not hold now. \`cinder-dr report ${id}\` shows it, \`cinder-dr resume ${id}${word}\` goes on with it; if it is over, gone on with elsewhere or seen to by hand, move ${fileOf(journalFolder(), id)} away`,
    );
}

/**
 * The move that a command goes on with; undefined where it begins one.
 * @param id the operation that is named; else one of the same verb and backend is looked for
 * @param broken id of the operation that is known to be gone, by the operator's word
 * @throws RefusedError, before anything is touched, where the named one is of another backend, or the found one is more
 * than a day old
 */
export function moveToGoOnWith(
    verb: string,
    own: BackendKey,
    id?: string,
    broken?: string,
): string | undefined {
    if (id !== undefined) {
        refuseOther(id, own);
        return id;
    }
    const open = openJournalOf(verb, own);
    if (open !== undefined) refuseOld(open, broken);
    return open;
}
