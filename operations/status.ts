import type { Finding } from "../core/finding";
import { isMove, type Begun } from "../core/operation";
import { clusterNamesOf, type ServiceRow } from "../core/service";
import type { SeenClusters } from "../core/serviceFindings";
import { statusOf, type BackendStatus } from "../core/status";
import type { Backend } from "../core/topology";
import { isWorkedOn } from "./journal";
import { JournalError, openOperations } from "./journalFolder";
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

/** Moves that this machine's journals hold and that have not come to their end, or why they cannot be read. */
function openMoves(): Begun[] | { unread: string } {
    try {
        return openOperations().filter(({ verb }) => isMove(verb));
    } catch (error) {
        if (error instanceof JournalError) return { unread: error.message };
        throw error;
    }
}

function moveFindings(moves: ReturnType<typeof openMoves>, { section }: Backend): Finding[] {
    if ("unread" in moves)
        return [{ state: "warning", subject: "journals", fact: moves.unread, next: "see there" }];
    return moves
        .filter(({ backend }) => backend === section)
        .map(({ id, verb }) =>
            isWorkedOn(id)
                ? {
                      state: "warning",
                      subject: `operation ${id}`,
                      fact: `\`${verb}\` runs on this machine: what follows is its middle`,
                      next: "wait for its end",
                  }
                : {
                      state: "problem",
                      subject: `operation ${id}`,
                      fact: `\`${verb}\` was cut short: what follows may be its doing`,
                      next: `\`cinder-dr resume ${id}\` first`,
                  },
        );
}

/** What each backend looks like from Cinder and from both clusters. Changes nothing. */
export async function status(
    parts: Parts,
    backends: readonly Backend[],
    signal: AbortSignal,
): Promise<BackendStatus[]> {
    const known = askCinder(parts);
    const moves = openMoves();
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
                findings: [...moveFindings(moves, survey.backend), ...seen.findings],
            };
        }),
    );
}
