import { begunOf, type JournalEntry } from "./operation";
import { laterMove } from "./operationOrder";

/** @param moved id of the move that was done since */
function wayOfStop(backend: string, before: unknown, moved: string | undefined): string {
    const servers = `cinder-dr servers --backend ${backend}`;
    if (moved !== undefined)
        return `${moved} has moved the volumes since: \`${servers} --reattach\`, then \`${servers} --start\``;
    const start = `\`${servers} --start\` starts its servers again`;
    if (typeof before !== "string") return start;
    return `\`cinder-dr ${before} --stop-servers\` with its other words goes on to the move; or ${start}`;
}

/** The command that goes on with an operation that is no move, as a part of a sentence. */
function wayOn(
    entries: readonly JournalEntry[],
    all: readonly (readonly JournalEntry[])[],
): string {
    const { verb, backend, flags } = begunOf(entries);
    switch (verb) {
        case "servers --stop":
            return wayOfStop(backend, flags.before, laterMove(entries, all));
        case "servers --reattach":
            return `\`cinder-dr servers --backend ${backend} --reattach\` goes on with it`;
        case "drill":
            return `\`cinder-dr drill --backend ${backend}\` removes what it left, and drills anew`;
        default:
            return `run \`cinder-dr ${verb}\` again`;
    }
}

/**
 * An operation that is no move, and how to go on with it: `resume` does not. One sentence.
 * @param all entries of every journal
 */
export function notResumed(
    entries: readonly JournalEntry[],
    all: readonly (readonly JournalEntry[])[],
): string {
    const { id, verb } = begunOf(entries);
    return `operation ${id} is a \`${verb}\`, which resume does not go on with: ${wayOn(entries, all)}`;
}
