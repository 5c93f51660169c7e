import { rowsOf } from "../core/service";
import type { Backend } from "../core/topology";
import type { Parts } from "./parts";
import { RefusedError } from "./operationEnd";
import type { Run, RunOptions } from "./run";

/** Other backends that the hosts of this one serve: one cinder-volume on a host runs all of its backends. */
export function siblingsOf(parts: Parts, backend: Backend): Backend[] {
    const sections = new Set(parts.hostsOf(backend).flatMap(({ host }) => host.backends));
    return parts.topology.backends.filter(
        ({ section }) => section !== backend.section && sections.has(section),
    );
}

/** Pools of the siblings whose lock an operation needs that may stop them. */
export const siblingPools = ({ parts, backend }: RunOptions): string[] => [
    ...new Set(siblingsOf(parts, backend).map(({ pool }) => pool)),
];

/**
 * Says what a stop of the hosts' cinder-volume does to their other backends.
 * @throws RefusedError where it would cut off a failover of one
 */
export async function mindSiblings(run: Run): Promise<void> {
    const siblings = siblingsOf(run.parts, run.backend);
    if (siblings.length === 0) return;
    const services = await run.parts.cinder.services();
    const busy = siblings
        .flatMap(({ section }) => rowsOf(services, section))
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
