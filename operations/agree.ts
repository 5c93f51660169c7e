import type { Blocker } from "../core/blocker";
import { blockersOf } from "../core/blockers";
import { consentFlag, type Consent } from "../core/consents";
import { planLines, preflightOf } from "../core/preflight";
import type { Move, Survey } from "../core/survey";
import { measuredOf } from "./preflight";
import { RefusedError } from "./operationEnd";
import { checkConsents, stopping, type Run } from "./run";

/** @throws RefusedError where something stands in the way, before anything was done */
export function refuseFor(stops: readonly Blocker[]): void {
    if (stops.length > 0)
        throw new RefusedError(
            `refused, nothing was changed: ${String(stops.length)} blocker(s)`,
            stops,
        );
}

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
    refuseFor(stopping(blockersOf(survey, move), accepted).filter((stop) => !curable(stop)));
}

/**
 * Shows what a move would do before anything is done, and records the operator's word for each loss.
 * @param refuse fails when something stands in the way; called when the plan has been shown
 * @param byRows whether a forced move writes the rows of every host
 * @throws RefusedError when a consent is missing, and what `refuse` throws
 */
export function agree(
    run: Run,
    survey: Survey,
    move: Move,
    refuse: () => void,
    byRows = false,
): void {
    const measured = measuredOf(move, run.journal.begun, byRows);
    const plan = preflightOf(survey, move, measured, undefined, byRows);
    agreeTo(run, planLines(plan), plan.consents, refuse);
}

/** The same of any plan, by its lines and the consents that it needs. */
export function agreeTo(
    { journal, accepted, planned }: Run,
    lines: string[],
    consents: readonly Consent[],
    refuse: () => void,
): void {
    journal.append({ kind: "planned", data: { lines } });
    planned(lines);
    refuse();
    checkConsents(consents, accepted);
    for (const consent of consents)
        journal.append({
            kind: "consented",
            data: { flag: consentFlag(consent), means: consent.means },
        });
}
