import { blockersOf, flushable } from "../core/blockers";
import { restOf } from "../core/rest";
import { otherSide } from "../core/service";
import { replicated, targetOf, type Move, type Survey } from "../core/survey";
import { calledHosts, freeze, lookAtBoth, rowsNow, thaw } from "./moveBackend";
import { hasMarked } from "./markPlain";
import { putBack } from "./putBack";
import { resyncedImages } from "./resync";
import { PartialError, RefusedError } from "./operationEnd";
import { phase, stopping, type Run } from "./run";
import { flush } from "./settle";
import { pause } from "./wait";

/** The statuses that rbd-mirror publishes are up to 30 s old, so an image that is not ready may be in a moment. */
const READY_SECONDS = 60;
const PAUSE_MILLISECONDS = 1000;

/** What is not as it was found: a refusal must say so. */
function changedBefore(run: Run, rest: Survey, whole: Survey): string | undefined {
    if (rest.rows.length < whole.rows.length)
        return `${whole.rows
            .filter((row) => !rest.rows.includes(row))
            .map(({ host }) => host)
            .join(", ")} moved before`;
    if (resyncedImages(run.journal).size > 0) return "the forked images were resynced";
    return hasMarked(run.journal) ? "volumes without a mirrored image are marked" : undefined;
}

/**
 * Freezes every host, and looks until nothing stands in the way of the move; flushes what lacks only that. Of a move
 * that was cut short, only the hosts that it has not moved are looked at.
 * @returns the survey in which nothing did
 * @throws RefusedError, or PartialError when something was changed before, with every host thawed again
 */
export async function gate(run: Run, move: Move): Promise<Survey> {
    const frozen = await freeze(run, await rowsNow(run));
    run.journal.append({ kind: "noted", step: "frozen", data: frozen });
    const active = otherSide(targetOf(move));
    const flushed = new Set<string>();
    const end = performance.now() + READY_SECONDS * 1000;
    const called = calledHosts(run.journal);
    for (;;) {
        const whole = await lookAtBoth(run);
        const survey = restOf(whole, called, targetOf(move));
        if (survey.rows.length === 0 && whole.rows.length > 0) return survey;
        const stops = stopping(blockersOf(survey, move), run.accepted);
        if (stops.length === 0) return survey;
        run.doing(`frozen; ${String(stops.length)} blocker(s) left: ${stops[0]?.subject ?? ""}`);
        if (performance.now() > end) {
            await thaw(run);
            const what = `refused, and thawed again: ${String(stops.length)} blocker(s)`;
            const changed = changedBefore(run, survey, whole);
            if (changed !== undefined)
                throw new PartialError(
                    `${what}; ${changed}`,
                    stops.map((s) => `${s.subject}: ${s.fact}; next: ${s.next}`),
                );
            throw new RefusedError(what, stops);
        }
        await flush(run, active, flushable(survey, active), flushed);
        await pause(PAUSE_MILLISECONDS, run.signal);
    }
}

/** Proves the hosts that a move was cut short before: days may lie between, and one image that is not ready is enough. */
export async function gateRest(run: Run, move: Move): Promise<void> {
    await phase(
        run,
        "put back",
        () => putBack(run, move),
        (images) => `${String(images.length)} half moved images are primary again where they were`,
    );
    await phase(
        run,
        "gate",
        async () => replicated(await gate(run, move)).map(({ volume }) => volume.id),
        (ids) => `frozen; ${String(ids.length)} images that have not moved yet are ready`,
    );
}
