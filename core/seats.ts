import type { Topology } from "./topology";
import type { Connection } from "./topology/connection";
import { ROLES } from "./topology/site";

/** One machine that `pulumi up` connects to. */
export interface Seat {
    /** Where the user typed it, e.g. `hosts.cinder-a`. */
    propertyPath: string;
    connection: Connection;
}

/** Every machine that `pulumi up` connects to: Cinder hosts always, the Ceph side with `mirroring` only. */
export function seatsOf({ hosts, sites, mirroring, computes }: Topology): Seat[] {
    const seats = hosts.map(({ name, connection }) => ({
        propertyPath: `hosts.${name}`,
        connection,
    }));
    if (mirroring === undefined) return seats;
    const ceph = ROLES.flatMap((role) => [
        { propertyPath: `sites.${role}.adminHost`, connection: sites[role].adminHost },
        ...sites[role].rbdMirror.hosts.map(({ name, connection }) => ({
            propertyPath: `sites.${role}.rbdMirror.hosts.${name}`,
            connection,
        })),
    ]);
    const named = computes.map(({ name, connection }) => ({
        propertyPath: `computes.${name}`,
        connection,
    }));
    return [...seats, ...ceph, ...named];
}
