import { entryRates, statusOf, type BackendStatus } from "../core/status";
import { lagOf, isSeen } from "../core/replica";
import { activeSideOf, otherSide } from "../core/service";
import type { Survey } from "../core/survey";
import type { Backend } from "../core/topology";
import type { Parts } from "./parts";
import { askCinder, lookAt, takeSurvey } from "./takeSurvey";
import { pause } from "./wait";

/** Between two looks at the journals, from which the writers' speed follows. */
const SAMPLE_MILLISECONDS = 3000;

const isBehind = (survey: Survey): boolean => {
    const active = activeSideOf(survey.rows, survey.backend) ?? "primary";
    return survey.pairs.some(
        (pair) => (lagOf(pair[active], pair[otherSide(active)])?.entries ?? 0) > 0,
    );
};

/** What each backend looks like from Cinder and from both clusters. Changes nothing. */
export async function status(
    parts: Parts,
    backends: readonly Backend[],
    signal: AbortSignal,
): Promise<BackendStatus[]> {
    const known = askCinder(parts);
    const surveys = await Promise.all(backends.map((b) => takeSurvey(parts, b, {}, known)));
    const images = new Set((await known).volumes.map((volume) => volume.image));
    return Promise.all(
        surveys.map(async (survey) => {
            const active = activeSideOf(survey.rows, survey.backend) ?? "primary";
            if (!isBehind(survey) || !isSeen(survey.views[active]))
                return statusOf(survey, new Map(), images);
            await pause(SAMPLE_MILLISECONDS, signal);
            const view = await lookAt(parts, active, survey.backend.pool);
            const later = { ...survey, views: { ...survey.views, [active]: view } };
            return statusOf(survey, entryRates(survey, later, active), images);
        }),
    );
}
