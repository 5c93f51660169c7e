import { strict as assert } from "node:assert";

import { endedOf, type JournalEntry } from "../../../core/operation";
import type { Fleet } from "../fleet";

/** Entries that are whole: the last one may be read while it is written. */
const entriesOf = (journal: string): JournalEntry[] =>
    journal
        .slice(0, journal.lastIndexOf("\n") + 1)
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as JournalEntry);

/** What an entry is about; a resumed operation writes most of them again. */
function keyOf({ kind, step = "", data }: JournalEntry): string {
    const { id, flag, host, service } = (data ?? {}) as Record<string, string | undefined>;
    return [kind, step, id ?? flag ?? host ?? service ?? ""].join(" ").trim();
}

/**
 * kill -9 after each entry that an operation writes: it is started, killed at its first entry, gone on with, killed at the
 * first new one, and so on to its end. Entries that nothing was done between are one moment.
 * @returns what it was killed after, in order
 */
export async function killedAfterEach(fleet: Fleet, words: string[]): Promise<string[]> {
    const before = fleet.newestJournal();
    const seen = new Set<string>();
    const fresh = (journal: string) =>
        // Until this operation has begun its own, the newest is an earlier one's.
        (journal === before ? [] : entriesOf(journal)).map(keyOf).filter((key) => !seen.has(key));
    const kill = { kills: [] as string[], hasEnded: false };
    while (!kill.hasEnded) {
        // Both ways to go on: `resume`, and the same command again.
        const again = kill.kills.length % 2 === 1 ? ["resume"] : words;
        const run = await fleet.during(
            (journal) => fresh(journal).length > 0,
            (child) => child.kill("SIGKILL"),
            again,
        );
        const entries = entriesOf(fleet.newestJournal());
        const ended = endedOf(entries);
        kill.hasEnded = ended !== undefined;
        assert.ok(run.acted || kill.hasEnded, run.output);
        // A run may be killed before it has said why it failed; its journal says it.
        if (ended !== undefined)
            assert.equal(ended.outcome, "done", `${again.join(" ")}: ${ended.fact}; ${run.output}`);
        const keys = fresh(fleet.newestJournal());
        for (const key of keys) seen.add(key);
        if (keys.length > 0) kill.kills.push([...new Set(keys)].join(", "));
    }
    console.log(`        ${kill.kills.join("\n        ")}`);
    return kill.kills;
}

/** Fails where an operation was not killed after one of these. */
export const has = (kills: string[], ...keys: string[]): void => {
    for (const key of keys)
        assert.ok(
            kills.some((kill) => kill.includes(key)),
            key,
        );
};
