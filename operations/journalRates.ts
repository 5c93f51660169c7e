import { lagOf, isSeen } from "../core/replica";
import { activeSideOf, otherSide } from "../core/service";
import { entryRates } from "../core/status";
import type { Survey } from "../core/survey";
import type { Parts } from "./parts";
import { lookAt } from "./takeSurvey";
import { pause } from "./wait";

/** Between two looks at the journals, from which the writers' speed follows. */
const SAMPLE_MILLISECONDS = 3000;

/**
 * How fast the journals of a survey's images grow, in entries a second by image, from a second look at the active site
 * 3 s later. Empty at once where no image is behind, or the active site does not answer. Changes nothing.
 * @param milliseconds between the two looks
 * @throws InterruptedError when the signal is aborted meanwhile
 */
export async function journalRates(
    parts: Parts,
    survey: Survey,
    signal: AbortSignal,
    milliseconds = SAMPLE_MILLISECONDS,
): Promise<Map<string, number>> {
    const active = activeSideOf(survey.rows, survey.backend) ?? "primary";
    const isBehind = survey.pairs.some(
        (pair) => (lagOf(pair[active], pair[otherSide(active)])?.entries ?? 0) > 0,
    );
    if (!isBehind || !isSeen(survey.views[active])) return new Map();
    await pause(milliseconds, signal);
    const view = await lookAt(parts, active, survey.backend.pool);
    return entryRates(survey, { ...survey, views: { ...survey.views, [active]: view } }, active);
}
