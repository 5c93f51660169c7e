import { blockersOf, flushable } from "../core/blockers";
import { otherSide } from "../core/service";
import { targetOf, type Move, type Survey } from "../core/survey";
import { freeze, lookAtBoth, rowsNow, thaw } from "./moveBackend";
import { resyncedImages } from "./resync";
import { PartialError, RefusedError, stopping, type Run } from "./run";
import { flush } from "./settle";
import { pause } from "./wait";

/** The statuses that rbd-mirror publishes are up to 30 s old, so an image that is not ready may be in a moment. */
const READY_SECONDS = 60;
const PAUSE_MILLISECONDS = 1000;

/**
 * Freezes every host, and looks until nothing stands in the way of the move; flushes what lacks only that.
 * @returns the survey in which nothing did
 * @throws RefusedError, or PartialError when images were resynced before, with every host thawed again
 */
export async function gate(run: Run, move: Move): Promise<Survey> {
    const frozen = await freeze(run, await rowsNow(run));
    run.journal.append({ kind: "noted", step: "frozen", data: frozen });
    const active = otherSide(targetOf(move));
    const flushed = new Set<string>();
    const end = performance.now() + READY_SECONDS * 1000;
    for (;;) {
        const survey = await lookAtBoth(run);
        const stops = stopping(blockersOf(survey, move), run.accepted);
        if (stops.length === 0) return survey;
        run.doing(`frozen; ${String(stops.length)} blocker(s) left: ${stops[0]?.subject ?? ""}`);
        if (performance.now() > end) {
            await thaw(run);
            const what = `refused, and thawed again: ${String(stops.length)} blocker(s)`;
            // Images that were demoted and resynced are no longer as they were found.
            if (resyncedImages(run.journal).size > 0)
                throw new PartialError(
                    `${what}; the forked images were resynced`,
                    stops.map((s) => `${s.subject}: ${s.fact}; next: ${s.next}`),
                );
            throw new RefusedError(what, stops);
        }
        await flush(run, active, flushable(survey, active), flushed);
        await pause(PAUSE_MILLISECONDS, run.signal);
    }
}
