import * as pulumi from "@pulumi/pulumi";

import { siteRequest } from "../core/cephRequest";
import type { Topology } from "../core/topology";
import type { Role } from "../core/topology/site";
import { siteCommand } from "./cephStep";

export interface CephUsersArgs {
    topology: Topology;
    role: Role;
    /** Whose marks these are in the cluster. */
    owner: string;
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
            { parent: this },
        );
        this.keys = pulumi.secret(users.result.keys);
        this.registerOutputs({ keys: this.keys });
    }
}
