import { shown, type Problem } from "../problem";
import { canonicalAddress } from "./connection";
import type { Role, Site } from "./site";

/** Two sites are two clusters, as far as the topology tells. */
export function* checkSites({
    primary,
    secondary,
}: Partial<Record<Role, Site>>): Generator<Problem> {
    if (!primary || !secondary) return;
    if (primary.name.toLowerCase() === secondary.name.toLowerCase())
        yield {
            propertyPath: "sites.secondary.name",
            reason: `must differ from the primary's, got ${shown(secondary.name)}`,
        };
    if (primary.fsid !== undefined && primary.fsid === secondary.fsid)
        yield {
            propertyPath: "sites.secondary.fsid",
            reason: `must differ from the primary's: one cluster cannot be its own secondary, got ${shown(secondary.fsid)}`,
        };
    const seat = (site: Site) =>
        [
            canonicalAddress(site.adminHost.address),
            site.adminHost.port,
            site.clusterName,
            site.conf,
            ...site.commandPrefix,
        ].join(" ");
    if (seat(primary) === seat(secondary))
        yield {
            propertyPath: "sites.secondary.adminHost",
            reason: "must reach another cluster than the primary's: address, port, clusterName, conf and commandPrefix are all the same",
        };
}
