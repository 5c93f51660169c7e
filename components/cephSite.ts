import * as pulumi from "@pulumi/pulumi";

import { siteRequest } from "../core/cephRequest";
import type { Topology } from "../core/topology";
import type { Role } from "../core/topology/site";
import { siteCommand } from "./cephStep";

export interface CephSiteArgs {
    topology: Topology;
    role: Role;
    /** Whose marks these are in the cluster: what is made under one owner is taken back under it only. */
    owner: string;
    /** fsid of the other site, which must be another cluster. */
    otherFsid?: pulumi.Input<string>;
}

/** One Ceph cluster, looked at before anything is changed on either. */
export class CephSite extends pulumi.ComponentResource {
    readonly fsid: pulumi.Output<string>;
    /** `mon_host` of the cluster's minimal ceph.conf. */
    readonly monHost: pulumi.Output<string>;

    constructor(name: string, args: CephSiteArgs, opts?: pulumi.ComponentResourceOptions) {
        const site = args.topology.sites[args.role];
        const { name: siteName, clusterName, conf, cephUser, commandPrefix } = site;
        const shown = { role: args.role, site: siteName, clusterName, conf, cephUser };
        super("cinder-dr:index:CephSite", name, { ...shown, commandPrefix }, opts);

        const request = siteRequest(args.topology, args.role, args.owner);
        const survey = siteCommand<{ fsid: string; monHost: string }>(
            `${siteName}-survey`,
            "survey",
            site,
            args.otherFsid === undefined
                ? request
                : pulumi.output(args.otherFsid).apply((otherFsid) => ({ ...request, otherFsid })),
            { parent: this },
        );
        this.fsid = pulumi.unsecret(survey.result.fsid);
        this.monHost = pulumi.unsecret(survey.result.monHost);
        this.registerOutputs({ fsid: this.fsid, monHost: this.monHost });
    }
}
