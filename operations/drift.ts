import { wordsOf } from "../core/problem";
import { cephUsers } from "../core/cephUsers";
import { hostDrift, inspectRequest, type HostSeen } from "../core/drift/host";
import { itemsOf, type DriftItem } from "../core/drift/item";
import { keyDrift } from "../core/drift/key";
import { serviceDrift } from "../core/drift/service";
import { siteRepair } from "../core/drift/repair";
import { siteDrift } from "../core/drift/site";
import type { SiteSeen } from "../core/drift/siteSeen";
import { volumeTypeDrift } from "../core/drift/volumeType";
import type { HostRequest } from "../core/hostRequest";
import type { ServiceRow } from "../core/service";
import type { Backend, Host, Topology } from "../core/topology";
import type { Role } from "../core/topology/site";
import type { Cinder } from "./cinder";
import { seeHost } from "./driftHost";
import { lookAtImages } from "./driftImages";
import { seeSite } from "./driftSite";

export interface DriftOptions {
    topology: Topology;
    cinder: Cinder;
    /** Called with the items of each part as soon as it has been seen. */
    found: (items: DriftItem[]) => void;
    /** Called before each step that may take a while. */
    doing: (what: string) => void;
}

const unique = (names: string[]): string[] => [...new Set(names)];

/** A backend's names of one side. */
const sideOf = (backend: Backend, role: Role) =>
    role === "primary" ? backend : backend.replicationDevice;

interface HostLook {
    host: Host;
    request: HostRequest;
    seen?: HostSeen;
}

async function lookAtHost({ topology, found }: DriftOptions, host: Host): Promise<HostLook> {
    const request = inspectRequest(host, topology);
    if (host.unreachable !== undefined) {
        found([itemsOf(`hosts.${host.name}`).unseen("host", `unreachable: ${host.unreachable}`)]);
        return { host, request };
    }
    try {
        const seen = await seeHost(host, request);
        found(hostDrift(request, seen, topology));
        return { host, request, seen };
    } catch (error) {
        found([itemsOf(`hosts.${host.name}`).unseen("host", wordsOf(error))]);
        return { host, request };
    }
}

async function lookAtSite({ topology, found }: DriftOptions, role: Role): Promise<SiteSeen> {
    const wanted = topology.mirroring === undefined ? [] : cephUsers(topology, role);
    const pools = unique(topology.backends.map((b) => b.pool));
    const users = unique([
        ...topology.backends.map((b) => sideOf(b, role).user),
        ...wanted.map(({ name }) => name),
    ]);
    const seen = await seeSite(role, topology.sites[role], { pools, users });
    const repair = siteRepair(topology, role);
    const caps = Object.fromEntries(wanted.map(({ name, caps }) => [name, caps]));
    found(siteDrift(seen, { topology, role, users: caps, repair }));
    return seen;
}

async function lookAtTypes({ topology, cinder, found }: DriftOptions): Promise<void> {
    try {
        const types = await cinder.volumeTypes();
        for (const type of topology.volumeTypes)
            found(
                volumeTypeDrift(
                    type,
                    types.find((t) => t.name === type.name),
                ),
            );
    } catch (error) {
        for (const { name } of topology.volumeTypes)
            found([itemsOf(`volumeTypes.${name}`).unseen("volume type", wordsOf(error))]);
    }
}

/** What two looks show together: keys on hosts and clusters, and Cinder's rows for the hosts' own names. */
function compare(
    { topology, found }: DriftOptions,
    looks: HostLook[],
    sites: Record<Role, SiteSeen>,
    services: ServiceRow[] | string,
    managed: boolean,
): void {
    for (const { host, request, seen } of looks) {
        if (seen === undefined) continue;
        for (const { section, target } of request.backends) {
            const name = seen.sections[section]?.host;
            if (name === undefined) continue;
            found([
                typeof services === "string"
                    ? itemsOf(`hosts.${host.name}`).unseen(`service ${name}`, services)
                    : serviceDrift(
                          host.name,
                          name,
                          services.find((row) => row.host === name),
                          target.backendId,
                      ),
            ]);
        }
        for (const client of seen.clients) {
            const role = client.side === "primary" ? "primary" : "secondary";
            const backend = topology.backends.find((b) => b.section === client.section);
            if (backend === undefined) continue;
            const names = { user: sideOf(backend, role).user, siteName: topology.sites[role].name };
            const item = keyDrift(host.name, client, { ...names, managed }, sites[role]);
            if (item !== undefined) found([item]);
        }
    }
}

/** Compares clusters, hosts and Cinder with the topology. Changes nothing; what cannot be asked is an item too. */
export async function drift(options: DriftOptions): Promise<void> {
    const { topology, cinder, doing } = options;
    const managed = topology.mirroring?.clientFiles !== undefined;
    doing("asking hosts, clusters and Cinder");
    const [looks, primary, secondary, services] = await Promise.all([
        Promise.all(topology.hosts.map((host) => lookAtHost(options, host))),
        lookAtSite(options, "primary"),
        lookAtSite(options, "secondary"),
        cinder.services().catch(wordsOf),
        lookAtTypes(options),
    ]);
    const sites = { primary, secondary };
    compare(options, looks, sites, services, managed);
    await lookAtImages(options, sites, services);
}
