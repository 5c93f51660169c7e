import * as pulumi from "@pulumi/pulumi";

import { siteRequest } from "../core/cephRequest";
import type { DriftRecord } from "../core/drift/record";
import type { Topology } from "../core/topology";
import { ROLES } from "../core/topology/site";
import { siteCommand } from "./cephStep";

export interface MirrorPeeringArgs {
    topology: Topology;
    /** Name of the pool whose two sites become each other's peer. */
    pool: string;
    /** Whose marks these are in the clusters. */
    owner: string;
    /** What `cinder-dr drift --record` saw, by part of the topology. Defaults to nothing. */
    drifted?: DriftRecord["drifted"];
}

/** The two sites of one pool as each other's only peer, `rx-tx` both ways. */
export class MirrorPeering extends pulumi.ComponentResource {
    /** Digest of both sides' peers, known when they are wired; another one when a peer was replaced. */
    readonly peers: pulumi.Output<string>;
    /** Name of the pool, known when both sides are wired. */
    readonly pool: pulumi.Output<string>;

    constructor(name: string, args: MirrorPeeringArgs, opts?: pulumi.ComponentResourceOptions) {
        const { topology, pool, owner, drifted } = args;
        const { primary, secondary } = topology.sites;
        super(
            "cinder-dr:index:MirrorPeering",
            name,
            { pool, sites: [primary.name, secondary.name], direction: "rx-tx" },
            opts,
        );
        // One import mends both halves, so both steps run for the drift of either.
        const [here, there] = ROLES.map((role) => drifted?.[`sites.${role}.peers.${pool}`]);
        const drift = here ?? there;
        // The token holds the peer's key: it goes from stdout to stdin as a secret and is nowhere else.
        const create = siteCommand<{ token: string }>(
            `${primary.name}-${pool}-peer`,
            "token",
            primary,
            siteRequest(topology, "primary", owner, [pool]),
            { parent: this, drift },
        );
        const request = siteRequest(topology, "secondary", owner, [pool]);
        const imported = siteCommand<{ peers: string }>(
            `${secondary.name}-${pool}-peer`,
            "import",
            secondary,
            create.result.apply(({ token }) => ({ ...request, token })),
            { parent: this, dependsOn: create, drift },
        );
        this.peers = imported.result.apply(({ peers }) => peers);
        this.pool = imported.id.apply(() => pool);
        this.registerOutputs({ pool: this.pool });
    }
}
