import { clusterNamesOf, type ServiceRow } from "../core/service";
import type { SeenClusters } from "../core/serviceFindings";
import { statusOf, type BackendStatus } from "../core/status";
import type { Backend } from "../core/topology";
import { journalRates } from "./journalRates";
import { OpenStackError } from "./openstack";
import type { Parts } from "./parts";
import { askCinder, takeSurvey } from "./takeSurvey";

/** The clusters of these rows, or why they cannot be seen: an operator's role may be allowed to list services alone. */
async function clustersOf({ cinder }: Parts, rows: readonly ServiceRow[]): Promise<SeenClusters> {
    const names = clusterNamesOf(rows);
    if (names.size === 0) return [];
    try {
        return (await cinder.clusters()).filter(({ name }) => names.has(name));
    } catch (error) {
        if (error instanceof OpenStackError) return { unseen: error.message };
        throw error;
    }
}

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
            statusOf(
                survey,
                await journalRates(parts, survey, signal),
                images,
                await clustersOf(parts, survey.rows),
            ),
        ),
    );
}
