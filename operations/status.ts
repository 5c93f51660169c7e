import { statusOf, type BackendStatus } from "../core/status";
import type { Backend } from "../core/topology";
import { journalRates } from "./journalRates";
import type { Parts } from "./parts";
import { askCinder, takeSurvey } from "./takeSurvey";

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
        surveys.map(async (survey) =>
            statusOf(survey, await journalRates(parts, survey, signal), images),
        ),
    );
}
