import * as pulumi from "@pulumi/pulumi";

import { siteRequest } from "../core/cephRequest";
import type { DriftRecord } from "../core/drift/record";
import type { Topology } from "../core/topology";
import type { Role } from "../core/topology/site";
import { siteCommand } from "./cephStep";

export interface CephUsersArgs {
    topology: Topology;
    role: Role;
    /** Whose marks these are in the cluster. */
    owner: string;
    /** What `cinder-dr drift --record` saw, by part of the topology. Defaults to nothing. */
    drifted?: DriftRecord["drifted"];
}

/** The Ceph users of one site: Cinder's, the daemons', the watching one. Their caps are kept. */
export class CephUsers extends pulumi.ComponentResource {
    /** cephx keys by user, without `client.`; secret. */
    readonly keys: pulumi.Output<Record<string, string>>;

    constructor(name: string, args: CephUsersArgs, opts?: pulumi.ComponentResourceOptions) {
        const site = args.topology.sites[args.role];
        const request = siteRequest(args.topology, args.role, args.owner);
        const caps = Object.fromEntries(request.users.map((user) => [user.name, user.caps]));
        super("cinder-dr:index:CephUsers", name, { site: site.name, caps }, opts);

        const users = siteCommand<{ keys: Record<string, string> }>(
            `${site.name}-users`,
            "users",
            site,
            request,
            { parent: this, drift: args.drifted?.[`sites.${args.role}.users`] },
        );
        this.keys = pulumi.secret(users.result.keys);
        this.registerOutputs({ keys: this.keys });
    }
}
