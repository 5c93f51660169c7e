import { backendWords, isSameBackend, type BackendKey } from "../core/backendKey";
import { begunOf } from "../core/operation";
import { openJournalOf, readJournal } from "./journalFolder";
import { RefusedError } from "./operationEnd";

/** @throws RefusedError where the operation is about another backend than credentials and topology lead to */
function refuseOther(id: string, own: BackendKey): void {
    const begun = begunOf(readJournal(id));
    // One of before journals told it is known by its id alone.
    if (begun.of === undefined || isSameBackend(begun, own)) return;
    throw new RefusedError(
        `refused, nothing was changed: operation ${id} is of ${backendWords(begun)}; these credentials and this topology lead to ${backendWords(own)} (Cinder by its service id in Keystone, and its region): set OS_CLOUD, and name --stack or --topology, as it was begun`,
    );
}

/**
 * The move that a command goes on with; undefined where it begins one.
 * @param id the operation that is named; else one of the same verb and backend is looked for
 * @throws RefusedError, before anything is touched, where the named one is of another backend
 */
export function moveToGoOnWith(verb: string, own: BackendKey, id?: string): string | undefined {
    if (id !== undefined) {
        refuseOther(id, own);
        return id;
    }
    return openJournalOf(verb, own);
}
