import { rowsOf } from "../core/service";
import type { Backend } from "../core/topology";
import type { Parts } from "./parts";
import { RefusedError } from "./operationEnd";
import type { Run, RunOptions } from "./run";
import { MIRROR_KEY } from "./siteLock";
import type { FurtherLock } from "./withLocks";

/** Other backends that the hosts of this one serve: one cinder-volume on a host runs all of its backends. */
export function siblingsOf(parts: Parts, backend: Backend): Backend[] {
    const sections = new Set(parts.hostsOf(backend).flatMap(({ host }) => host.backends));
    return parts.topology.backends.filter(
        ({ section }) => section !== backend.section && sections.has(section),
    );
}

/** Pools of the siblings whose lock an operation needs that may stop them. */
export const siblingPools = ({ parts, backend }: RunOptions): FurtherLock[] =>
    [...new Set(siblingsOf(parts, backend).map(({ pool }) => pool))].map((pool) => ({ pool }));

/**
 * The lock of an operation that stops the target's rbd-mirror: who came first would start it at its end, while the other's
 * images are promoted. It is one for the whole cluster; the pool is for who may not ask the cluster where it lies.
 */
export function mirrorLock({ parts, backend }: RunOptions): FurtherLock {
    const [pool = backend.pool] = parts.topology.backends.map((one) => one.pool).sort();
    return { pool, key: MIRROR_KEY };
}

/**
 * Says what a stop of the hosts' cinder-volume does to their other backends.
 * @throws RefusedError where it would cut off a failover of one
 */
export async function mindSiblings(run: Run): Promise<void> {
    const siblings = siblingsOf(run.parts, run.backend);
    if (siblings.length === 0) return;
    const services = await run.parts.cinder.services();
    const busy = siblings
        .flatMap((sibling) => rowsOf(services, sibling))
        .filter((row) => row.replication_status === "failing-over" && row.state === "up");
    if (busy.length > 0)
        throw new RefusedError(
            "refused, nothing was changed: cinder-volume is to be stopped, and it moves another backend now",
            busy.map(({ host }) => ({
                subject: host,
                fact: "is failing over now, in the same cinder-volume",
                next: "wait for its end; `cinder-dr status` shows it",
            })),
        );
    run.found({
        state: "warning",
        subject: `backend ${siblings.map(({ section }) => section).join(", ")}`,
        fact: `is served by the cinder-volume of ${run.backend.section}'s hosts, which is stopped and started where rows are written`,
        next: "if its primary is dead, too, Cinder fails it over no more after that: move it with `failover --forced --write-rows`",
    });
}
