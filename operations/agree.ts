import type { Blocker } from "../core/blocker";
import { blockersOf } from "../core/blockers";
import { consentFlag } from "../core/consents";
import { planLines, preflightOf } from "../core/preflight";
import type { Move, Survey } from "../core/survey";
import { measuredOf } from "./preflight";
import { RefusedError } from "./operationEnd";
import { checkConsents, stopping, type Run } from "./run";

/**
 * @param curable whether a blocker goes away on the move's own way. Defaults to those that the gate settles.
 * @throws RefusedError with every blocker that no consent covers
 */
export function refuseBlocked(
    survey: Survey,
    move: Move,
    accepted: ReadonlyMap<string, number>,
    curable: (blocker: Blocker) => boolean = ({ settles }) => settles === true,
): void {
    const stops = stopping(blockersOf(survey, move), accepted).filter((stop) => !curable(stop));
    if (stops.length > 0)
        throw new RefusedError(
            `refused, nothing was changed: ${String(stops.length)} blocker(s)`,
            stops,
        );
}

/**
 * Shows what a move would do before anything is done, and records the operator's word for each loss.
 * @param refuse fails when something stands in the way; called when the plan has been shown
 * @throws RefusedError when a consent is missing, and what `refuse` throws
 */
export function agree(run: Run, survey: Survey, move: Move, refuse: () => void): void {
    const { journal, accepted, backend } = run;
    const plan = preflightOf(survey, move, measuredOf(move, backend));
    const lines = planLines(plan);
    journal.append({ kind: "planned", data: { lines } });
    run.planned(lines);
    refuse();
    checkConsents(plan.consents, accepted);
    for (const consent of plan.consents)
        journal.append({
            kind: "consented",
            data: { flag: consentFlag(consent), means: consent.means },
        });
}
