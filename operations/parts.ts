import type { Backend, Topology } from "../core/topology";
import { ROLES, type Role } from "../core/topology/site";
import { CephSite } from "./cephSite";
import type { Cinder } from "./cinder";
import { CinderHost } from "./cinderHost";

/** Everything an operation asks and acts on; each remote side over one connection, opened at its first use. */
export class Parts {
    readonly sites: Record<Role, CephSite>;
    readonly hosts: CinderHost[];

    constructor(
        readonly topology: Topology,
        readonly cinder: Cinder,
    ) {
        const { primary, secondary } = topology.sites;
        this.sites = {
            primary: new CephSite("primary", primary),
            secondary: new CephSite("secondary", secondary),
        };
        this.hosts = topology.hosts.map((host) => new CinderHost(host));
    }

    get names(): Record<Role, string> {
        return {
            primary: this.topology.sites.primary.name,
            secondary: this.topology.sites.secondary.name,
        };
    }

    /** Hosts of the topology that serve a backend. */
    hostsOf(backend: Backend): CinderHost[] {
        return this.hosts.filter(({ host }) => host.backends.includes(backend.section));
    }

    close(): void {
        for (const role of ROLES) this.sites[role].close();
        for (const host of this.hosts) host.close();
    }
}
