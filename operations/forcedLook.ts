import { isSeen } from "../core/replica";
import { rowsOf } from "../core/service";
import type { Survey } from "../core/survey";
import { ROLES } from "../core/topology/site";
import type { ForcedOptions } from "./forcedPlan";
import type { LifeSigns } from "./livingServices";
import type { Run } from "./run";
import { takeSurvey, type CinderView } from "./takeSurvey";

/** A dead site is given up after this, once its admin host is connected to; a living one answers within a second. */
const DEAD_SECONDS = 5;

/**
 * Asks the services for their signs of life while a dead site is waited for: one that connects to it answers after 5 s.
 * Not where no word is given yet, which shows the plan, or where some are known to hang: each question may then keep one
 * of the few processes of Cinder's API for a minute.
 */
export function askEarly(
    signs: LifeSigns,
    cinder: Promise<CinderView>,
    { accepted, backend, writeRows }: ForcedOptions,
): void {
    if (accepted.size === 0 || writeRows === true) return;
    cinder.then(
        ({ rows }) => {
            signs.ask(rowsOf(rows, backend));
        },
        () => undefined, // The look fails with it.
    );
}

/** @param cinder what Cinder answers, which it is being asked */
export async function lookFirst(
    run: Run,
    options: ForcedOptions,
    since: number,
    cinder: Promise<CinderView>,
): Promise<Survey> {
    run.doing("asking Cinder, its hosts and both clusters");
    const side = "secondary" as const;
    const limits = { reach: ROLES, seconds: DEAD_SECONDS, living: side, mirrored: side };
    const survey = await takeSurvey(options.parts, options.backend, limits, cinder);
    const seconds = Math.round(performance.now() - since) / 1000;
    run.phases.push({ phase: "look", seconds });
    const { primary } = survey.views;
    const isLate = !isSeen(primary) && primary.isLate === true;
    run.found({
        state: isLate ? "warning" : "ok",
        subject: "look",
        fact: `Cinder, ${String(survey.hosts.length)} host(s) and ${isLate ? `${survey.names.secondary} were asked; ${survey.names.primary}: not asked in time` : "both sites were asked"}`,
        seconds,
    });
    return survey;
}
