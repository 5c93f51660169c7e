import * as pulumi from "@pulumi/pulumi";

import { siteRequest } from "../core/cephRequest";
import type { DriftRecord } from "../core/drift/record";
import type { Topology } from "../core/topology";
import { ROLES } from "../core/topology/site";
import { siteCommand } from "./cephStep";

export interface MirroredPoolArgs {
    topology: Topology;
    /** Name of the pool, the same on both sites. */
    pool: string;
    /** Whose marks these are in the clusters. */
    owner: string;
    /** What `cinder-dr drift --record` saw, by part of the topology. Defaults to nothing. */
    drifted?: DriftRecord["drifted"];
}

/** One pool of both sites: application `rbd`, mirrored in mode `image`, under the sites' names. */
export class MirroredPool extends pulumi.ComponentResource {
    /** Name of the pool, known when both sites mirror it. */
    readonly pool: pulumi.Output<string>;

    constructor(name: string, args: MirroredPoolArgs, opts?: pulumi.ComponentResourceOptions) {
        const { topology, pool, owner } = args;
        const { createPools, consent = {} } = topology.mirroring ?? {};
        const sites = {
            primary: topology.sites.primary.name,
            secondary: topology.sites.secondary.name,
        };
        super(
            "cinder-dr:index:MirroredPool",
            name,
            {
                pool,
                sites,
                mode: "image",
                consent,
                ...(createPools === undefined ? {} : { createPools }),
            },
            opts,
        );
        const made = ROLES.map((role) => {
            const site = topology.sites[role];
            const request = siteRequest(topology, role, owner, [pool]);
            const drift = args.drifted?.[`sites.${role}.pools.${pool}`];
            const opts = { parent: this, drift };
            return siteCommand(`${site.name}-${pool}`, "pool", site, request, opts);
        });
        this.pool = pulumi.all(made.map((command) => command.id)).apply(() => pool);
        this.registerOutputs({ pool: this.pool });
    }
}
