import type { BackendKey } from "../core/backendKey";
import type { Backend, Topology } from "../core/topology";
import type { Cinder } from "./cinder";

/** The cloud and the sites that a command leads to. */
interface Lead {
    cinder: Cinder;
    topology: Pick<Topology, "sites">;
}

/** The same with the backend that is meant there. */
export interface LeadToBackend extends Lead {
    backend: Backend;
}

/**
 * The backend that credentials and topology lead to.
 * @throws OpenStackError where the sign-in fails
 */
export async function backendKey(
    { cinder, topology: { sites } }: Lead,
    { section, pool }: Backend,
): Promise<Required<BackendKey>> {
    const cloud = await cinder.identity();
    const names: [string, string] = [sites.primary.name, sites.secondary.name];
    return { backend: section, of: { cloud, sites: names, pool } };
}
