import { isSameBackend, type BackendKey } from "../core/backendKey";
import { blocker, type Blocker } from "../core/blocker";
import { measuredIn, type Measured } from "../core/measured";
import { begunOf } from "../core/operation";
import { preflightOf, type Preflight } from "../core/preflight";
import { isSeen } from "../core/replica";
import type { Move, Survey } from "../core/survey";
import type { Backend } from "../core/topology";
import { ROLES } from "../core/topology/site";
import { backendKey } from "./backendKey";
import { readJournals } from "./journalFolder";
import { journalRates } from "./journalRates";
import { MirrorDaemons } from "./mirrorDaemons";
import { RefusedError } from "./operationEnd";
import { both } from "./parallel";
import type { Parts } from "./parts";
import { RemoteError } from "./remoteError";
import { takeSurvey } from "./takeSurvey";

const VERBS: Record<Move, string> = {
    planned: "failover --planned",
    forced: "failover --forced",
    failback: "failback",
};

/**
 * How long the last whole move of its kind took here; only what this machine's journals say.
 * @param byRows of forced ones: those that wrote the rows of every host, else those that did not
 */
export function measuredOf(move: Move, own: BackendKey, byRows = false): Measured | undefined {
    for (const entries of readJournals().journals.reverse()) {
        const begun = begunOf(entries);
        if (begun.verb !== VERBS[move] || !isSameBackend(begun, own)) continue;
        if ((begun.flags.writeAllRows === true) !== byRows) continue;
        const measured = measuredIn(entries);
        if (measured !== undefined) return measured;
    }
    return undefined;
}

/**
 * What a move would do and what stands in its way. Changes nothing.
 * @throws OpenStackError when Cinder does not answer, InterruptedError when the signal is aborted
 */
export async function preflight(
    parts: Parts,
    backend: Backend,
    move: Move,
    signal: AbortSignal,
): Promise<Preflight> {
    const survey = await takeSurvey(parts, backend, {
        users: move !== "forced",
        // Of a forced one too: a host that reaches the primary proves that it lives.
        reach: ROLES,
        // No run waits for it, so it is given more time than the failover has.
        ...(move === "forced" ? { seconds: 15, living: "secondary", mirrored: "secondary" } : {}),
    });
    const measured = measuredOf(move, await backendKey(parts, backend));
    if (move !== "forced") return preflightOf(survey, move, measured);
    const [rates, stops] = await both(
        journalRates(parts, survey, signal),
        unstopped(parts, survey),
    );
    const plan = preflightOf(survey, move, measured, rates);
    return { ...plan, blockers: [...plan.blockers, ...stops] };
}

/** Why a forced failover could not stop each rbd-mirror of the secondary from here, as it must before it promotes. */
async function unstopped(
    { sites, topology }: Parts,
    { views, names }: Survey,
): Promise<readonly Blocker[]> {
    const view = views.secondary;
    if (!isSeen(view)) return [];
    const daemons = new MirrorDaemons(sites.secondary, topology.sites.secondary);
    try {
        await daemons.running(view, () => undefined);
        return [];
    } catch (error) {
        if (error instanceof RefusedError) return error.blockers;
        if (!(error instanceof RemoteError)) throw error;
        const fact = `whether its rbd-mirror can be stopped from here is not known: ${error.message}`;
        return [blocker(`site ${names.secondary}`, fact, "make SSH to it work")];
    } finally {
        daemons.close();
    }
}
