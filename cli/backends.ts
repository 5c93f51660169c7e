import type { Backend, Topology } from "../core/topology";
import { UsageError } from "./topologyFile";

/** Backends that a verb is about. @throws UsageError naming the known ones */
export function chooseBackends(topology: Topology, given: string | undefined): Backend[] {
    const chosen = topology.backends.filter((b) => given === undefined || b.section === given);
    if (chosen.length === 0)
        throw new UsageError(
            `--backend must be one of ${topology.backends.map((b) => b.section).join(", ")}, got '${given ?? ""}'`,
        );
    return chosen;
}

/** The backend as a next command must name it: not at all where there is only one. */
export const needed = ({ backends }: Topology, section: string): string | undefined =>
    backends.length > 1 ? section : undefined;

/** The one backend of an operation: a topology with several must say which. */
export function chooseBackend(topology: Topology, given: string | undefined): Backend {
    const [backend, ...more] = chooseBackends(topology, given);
    if (backend === undefined || more.length > 0)
        throw new UsageError(
            `--backend must name one of ${topology.backends.map((b) => b.section).join(", ")}, got nothing`,
        );
    return backend;
}
