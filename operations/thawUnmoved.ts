import { wordsOf } from "../core/problem";
import { thaw } from "./freeze";
import { calledHosts } from "./moveBackend";
import { PartialError, RefusedError, THAWED } from "./operationEnd";
import type { Run } from "./run";
import { LockedError } from "./siteLock";

/** Thaws where a look failed or the user gave up, while nothing has moved; what cannot be thawed is said. */
export async function thawUnmoved(run: Run, error: unknown): Promise<void> {
    // Refusals have thawed, and who has taken the lock over goes on with the hosts as they are.
    const isTold = [RefusedError, PartialError, LockedError].some((kind) => error instanceof kind);
    if (isTold || calledHosts(run.journal).length > 0) return;
    try {
        await thaw(run);
    } catch (trouble) {
        run.found({
            state: "problem",
            subject: "thaw",
            fact: `the hosts are still frozen: ${wordsOf(trouble)}`,
            next: `\`cinder-dr resume ${run.journal.id}\` goes on; \`cinder thaw-host HOST\` lets them take requests`,
        });
        return;
    }
    run.journal.append({ kind: "noted", step: THAWED });
}
