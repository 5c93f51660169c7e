import * as pulumi from "@pulumi/pulumi";

import { siteRequest } from "../core/cephRequest";
import { poolsOf } from "../core/cephUsers";
import { clientFiles, type ClientFile, type SiteFacts } from "../core/clientFiles";
import type { DriftRecord } from "../core/drift/record";
import type { Host, Topology } from "../core/topology";
import type { Role } from "../core/topology/site";
import { ROLES } from "../core/topology/site";
import { CephSite } from "./cephSite";
import { siteCommand } from "./cephStep";
import { CephUsers } from "./cephUsers";
import { computeSecrets } from "./computeSecrets";
import { MirroredPool } from "./mirroredPool";
import { MirrorPeering } from "./mirrorPeering";
import { RbdMirrorDaemons } from "./rbdMirrorDaemons";

export interface CephMirroringArgs {
    /** A topology with `mirroring`. */
    topology: Topology;
    /** What `cinder-dr drift --record` saw, by part of the topology. Defaults to nothing. */
    drifted?: DriftRecord["drifted"];
}

type BySite<T> = Record<Role, T>;

/** The Ceph side, in the order in which each needs the other: pools, users, peers, daemons. */
export class CephMirroring extends pulumi.ComponentResource {
    /** What a Cinder host waits for: nobody uses a site before its daemons are healthy. */
    readonly ready: pulumi.Resource[];
    /** Users of each site, with their keys. */
    readonly users: BySite<CephUsers>;
    private readonly topology: Topology;
    private readonly drifted: DriftRecord["drifted"];
    private readonly owner: string;
    private readonly sites: BySite<CephSite>;

    constructor(name: string, args: CephMirroringArgs, opts?: pulumi.ComponentResourceOptions) {
        const { topology } = args;
        const names = {
            primary: topology.sites.primary.name,
            secondary: topology.sites.secondary.name,
        };
        super(
            "cinder-dr:index:CephMirroring",
            name,
            {
                sites: names,
                pools: poolsOf(topology),
                ...(topology.mirroring?.clientFiles === undefined
                    ? {}
                    : { clientFiles: topology.mirroring.clientFiles }),
            },
            opts,
        );
        this.topology = topology;
        this.drifted = args.drifted ?? {};
        this.owner = `${pulumi.getProject()}/${pulumi.getStack()}/${name}`;

        this.sites = this.survey(names);
        const pools = poolsOf(topology).map(
            (pool) => new MirroredPool(pool, this.part({ pool }), this.after(this.sites)),
        );
        const users = this.each(
            (role) => new CephUsers(names[role], this.part({ role }), this.after(pools)),
        );
        const peers = poolsOf(topology).map(
            (pool) => new MirrorPeering(pool, this.part({ pool }), this.after(users)),
        );
        const daemons = this.each((role) => {
            const known = {
                role,
                fsid: this.sites[role].fsid,
                keys: users[role].keys,
                peers: pulumi.all(peers.map((pool) => pool.peers)),
            };
            return new RbdMirrorDaemons(names[role], this.part(known), this.after(peers));
        });
        this.users = users;
        const keys = { primary: users.primary.keys, secondary: users.secondary.keys };
        const computes = computeSecrets(topology, keys, this.owner, { parent: this });
        this.ready = [daemons.primary, daemons.secondary, ...computes];
        this.registerOutputs({});
    }

    /** What the push puts on a host, or undefined when the topology leaves these files to others. */
    clientFiles(host: Host): pulumi.Output<ClientFile[]> | undefined {
        const wanted = this.topology.mirroring?.clientFiles;
        if (wanted === undefined) return undefined;
        const { primary, secondary } = this.sites;
        return pulumi
            .all([this.factsOf("primary", primary), this.factsOf("secondary", secondary)])
            .apply(([first, second]) =>
                clientFiles(host, this.topology.backends, wanted, {
                    primary: first,
                    secondary: second,
                }),
            );
    }

    private factsOf(role: Role, { fsid, monHost }: CephSite): pulumi.Output<SiteFacts> {
        return pulumi
            .all([fsid, monHost, this.users[role].keys])
            .apply(([id, mons, keys]) => ({ fsid: id, monHost: mons, keys }));
    }

    /**
     * Declared last and therefore taken back first: it refuses while volumes need what would go, before the first
     * host or type is touched.
     */
    guard(dependents: pulumi.Resource[]): void {
        // The engine takes back by the dependencies among what goes: when only `mirroring` leaves the topology, that
        // is the Ceph side alone, without the hosts and types.
        const dependsOn = [...this.ready, ...dependents];
        for (const role of ROLES) {
            const site = this.topology.sites[role];
            const request = siteRequest(this.topology, role, this.owner);
            siteCommand(`${site.name}-guard`, "guard", site, request, { parent: this, dependsOn });
        }
    }

    /** The secondary is told the primary's fsid: they must be two clusters. */
    private survey(names: BySite<string>): BySite<CephSite> {
        const opts = { parent: this };
        const primary = new CephSite(names.primary, this.part({ role: "primary" }), opts);
        const known = { role: "secondary" as const, otherFsid: primary.fsid };
        return { primary, secondary: new CephSite(names.secondary, this.part(known), opts) };
    }

    private part<T extends { role: Role } | { pool: string }>(own: T) {
        const { topology, owner, drifted } = this;
        return { topology, owner, drifted, ...own };
    }

    private after(
        parts: pulumi.Resource[] | BySite<pulumi.Resource>,
    ): pulumi.ComponentResourceOptions {
        return { parent: this, dependsOn: Object.values(parts) };
    }

    private each<T>(make: (role: Role) => T): BySite<T> {
        return { primary: make("primary"), secondary: make("secondary") };
    }
}
