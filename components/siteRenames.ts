import type { Topology } from "../core/topology";
import { stop } from "./refuse";
import { namesOf, type StackState } from "./stackState";

const SITES = "cinder-dr:index:CephMirroring$cinder-dr:index:CephSite";

/** What is said of a topology that calls a site otherwise than the state does; undefined where none does. */
export function renamedSite(
    ownerType: string,
    state: StackState,
    { primary, secondary }: Topology["sites"],
): string | undefined {
    const known = namesOf(state, `${ownerType}$${SITES}`);
    const roles = Object.entries({ primary, secondary });
    const gone = known.filter((name) => roles.every(([, site]) => site.name !== name));
    const renamed = roles.find(([, { name }]) => !known.includes(name));
    if (gone.length === 0 || renamed === undefined) return undefined;
    const [role, site] = renamed;
    return `topology: sites.${role}.name must stay ${gone.map((name) => `'${name}'`).join(" or ")} while 'mirroring' is declared, got '${site.name}': under another name its pools, users and peers would be made once more and then taken back, as the old site's`;
}

/**
 * Refuses another name for a site whose Ceph side the stack has made: resources carry it, and what would be deleted
 * under the old name is what is used under the new one.
 */
export function judgeSites(topology: Topology, ownerType: string, state: StackState): void {
    if (topology.mirroring === undefined) return;
    const said = renamedSite(ownerType, state, topology.sites);
    if (said !== undefined) stop(said);
}
