import { isSameBackend } from "../core/backendKey";
import type { Finding } from "../core/finding";
import { isMove, type Begun } from "../core/operation";
import { clusterNamesOf, type ServiceRow } from "../core/service";
import type { SeenClusters } from "../core/serviceFindings";
import { statusOf, type BackendStatus } from "../core/status";
import type { Backend } from "../core/topology";
import { backendKey } from "./backendKey";
import { workerOn } from "./atWork";
import { openIn, readJournals } from "./journalFolder";
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

/** What is to be said of a move that this machine's journals hold and that has not come to its end. */
function moveFinding({ id, verb }: Begun): Finding {
    const subject = `operation ${id}`;
    const worker = workerOn(id);
    if (worker === undefined)
        return {
            state: "problem",
            subject,
            fact: `\`${verb}\` was cut short: what follows may be its doing`,
            next: `\`cinder-dr resume ${id}\` first`,
        };
    if (worker.isHere)
        return {
            state: "warning",
            subject,
            fact: `\`${verb}\` runs on this machine: what follows is its middle`,
            next: "wait for its end",
        };
    return {
        state: "warning",
        subject,
        fact: `\`${verb}\` runs on machine ${worker.place?.host ?? ""}, or was cut short there: what follows may be its doing`,
        next: `wait for its end; when that process is known to be gone, \`cinder-dr resume ${id} --break-lock ${id}\` first`,
    };
}

/** What this machine's journals say before all else; of a journal that cannot be read with the first backend alone. */
function journalFindings(
    parts: Parts,
    backends: readonly Backend[],
): (backend: Backend) => Promise<Finding[]> {
    const { journals, unread } = readJournals();
    const moves = openIn(journals).filter(({ verb }) => isMove(verb));
    return async (backend) => {
        const own = await backendKey(parts, backend);
        return [
            ...(backend.section === backends[0]?.section ? unread : []),
            ...moves.filter((begun) => isSameBackend(begun, own)).map(moveFinding),
        ];
    };
}

/** What each backend looks like from Cinder and from both clusters. Changes nothing. */
export async function status(
    parts: Parts,
    backends: readonly Backend[],
    signal: AbortSignal,
): Promise<BackendStatus[]> {
    const known = askCinder(parts);
    const ofJournals = journalFindings(parts, backends);
    const surveys = await Promise.all(backends.map((b) => takeSurvey(parts, b, {}, known)));
    const images = new Set((await known).volumes.map((volume) => volume.image));
    return Promise.all(
        surveys.map(async (survey) => {
            const seen = statusOf(
                survey,
                await journalRates(parts, survey, signal),
                images,
                await clustersOf(parts, survey.rows),
            );
            return {
                ...seen,
                findings: [...(await ofJournals(survey.backend)), ...seen.findings],
            };
        }),
    );
}
