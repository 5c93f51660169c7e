import { hostDrift, inspectRequest, type HostSeen } from "../core/drift/host";
import { imageDrift } from "../core/drift/image";
import { itemsOf, type DriftItem } from "../core/drift/item";
import { keyDrift } from "../core/drift/key";
import { serviceDrift } from "../core/drift/service";
import { siteDrift, type SiteSeen } from "../core/drift/site";
import { volumeTypeDrift } from "../core/drift/volumeType";
import type { HostRequest } from "../core/hostRequest";
import { parseImageInfo } from "../core/mirrorStatus";
import { imageInfo } from "../core/rbd";
import type { Backend, Host, Topology } from "../core/topology";
import { ROLES, type Role } from "../core/topology/site";
import { CephSite } from "./cephSite";
import type { Cinder, Volume, VolumeService } from "./cinder";
import { seeHost } from "./driftHost";
import { seeSite } from "./driftSite";

export interface DriftOptions {
    topology: Topology;
    cinder: Cinder;
    /** Called with the items of each part as soon as it has been seen. */
    found: (items: DriftItem[]) => void;
    /** Called before each step that may take a while. */
    doing: (what: string) => void;
}

const wordsOf = (error: unknown): string =>
    error instanceof Error ? error.message : String(error);
const unique = (names: string[]): string[] => [...new Set(names)];

/** A backend's names of one side. */
const sideOf = (backend: Backend, role: Role) =>
    role === "primary" ? backend : backend.replicationDevice;

interface HostLook {
    host: Host;
    request: HostRequest;
    seen?: HostSeen;
}

async function lookAtHost(
    { topology, found }: DriftOptions,
    host: Host,
    managed: boolean,
): Promise<HostLook> {
    const request = inspectRequest(host, topology);
    try {
        const seen = await seeHost(host, request);
        found(hostDrift(request, seen, topology, managed));
        return { host, request, seen };
    } catch (error) {
        found([itemsOf(`hosts.${host.name}`).unseen("host", wordsOf(error))]);
        return { host, request };
    }
}

async function lookAtSite({ topology, found }: DriftOptions, role: Role): Promise<SiteSeen> {
    const pools = unique(topology.backends.map((b) => b.pool));
    const users = unique(topology.backends.map((b) => sideOf(b, role).user));
    const seen = await seeSite(role, topology.sites[role], { pools, users });
    const byHand = "put it right by hand: this topology does not declare the Ceph side";
    const repair = { pool: byHand, peer: byHand, caps: byHand, daemon: byHand };
    found(siteDrift(seen, { topology, role, users: {}, repair }));
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
    services: VolumeService[] | string,
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

/** `volume-<id>`, or after a migration the other id that its row names. */
const imageOf = (volume: Volume): string =>
    `volume-${volume["os-vol-mig-status-attr:name_id"] ?? volume.id}`;

/** Images of volumes that Cinder calls replicated, on the side that serves them. */
async function lookAtImages(
    { topology, cinder, found, doing }: DriftOptions,
    sites: Record<Role, SiteSeen>,
    services: VolumeService[] | string,
): Promise<void> {
    const names = new Set(topology.volumeTypes.map((type) => type.name));
    const sound = (volume: Volume) =>
        names.has(volume.volume_type ?? "") &&
        /^(?:available|in-use|reserved)$/.test(volume.status);
    let volumes: Volume[];
    try {
        volumes = (await cinder.allVolumes()).filter(sound);
    } catch (error) {
        for (const { section } of topology.backends)
            found([itemsOf(`backends.${section}`).unseen("images", wordsOf(error))]);
        return;
    }
    const rows = typeof services === "string" ? [] : services;
    for (const backend of topology.backends) {
        const ofBackend = volumes.filter(
            (volume) =>
                volume["os-vol-host-attr:host"]?.split("#")[0]?.split("@")[1] === backend.section,
        );
        const activeRole = (volume: Volume): Role => {
            const host = volume["os-vol-host-attr:host"]?.split("#")[0];
            const active = rows.find((row) => row.host === host)?.active_backend_id ?? "";
            return active === backend.replicationDevice.backendId ? "secondary" : "primary";
        };
        for (const role of ROLES)
            await lookAtSide(
                { topology, found, doing },
                { backend, role, seen: sites[role] },
                ofBackend.filter((volume) => activeRole(volume) === role),
            );
    }
}

/** Only an image that the pool's mirror status does not list is asked for its features. */
async function lookAtSide(
    { topology, found, doing }: Pick<DriftOptions, "topology" | "found" | "doing">,
    { backend, role, seen }: { backend: Backend; role: Role; seen: SiteSeen },
    volumes: Volume[],
): Promise<void> {
    if (volumes.length === 0) return;
    const make = itemsOf(`backends.${backend.section}`);
    const site = topology.sites[role];
    const subject = `images on ${site.name}`;
    const status = seen.pools[backend.pool]?.status;
    if (status === undefined || "why" in status) {
        found([make.unseen(subject, status?.why ?? `${site.name} did not answer`)]);
        return;
    }
    const mirrored = new Set(status.seen.images);
    const suspects = volumes.map(imageOf).filter((image) => !mirrored.has(image));
    const at = new CephSite(role, site);
    try {
        for (const image of suspects) {
            const spec = `${backend.pool}/${image}`;
            doing(`looking at ${spec} on ${site.name}`);
            const text = await at.rbdIfThere(imageInfo(spec));
            const info = text === undefined ? undefined : parseImageInfo(text.toString("utf8"));
            const item = imageDrift(backend.section, spec, info);
            if (item !== undefined) found([item]);
        }
    } catch (error) {
        found([make.unseen(subject, wordsOf(error))]);
    } finally {
        at.close();
    }
    if (suspects.length === 0)
        found([make.ok(subject, `${String(volumes.length)} of replicated volumes are mirrored`)]);
}

/** Compares clusters, hosts and Cinder with the topology. Changes nothing; what cannot be asked is an item too. */
export async function drift(options: DriftOptions): Promise<void> {
    const { topology, cinder, doing } = options;
    const managed = false;
    doing("asking hosts, clusters and Cinder");
    const [looks, primary, secondary, services] = await Promise.all([
        Promise.all(topology.hosts.map((host) => lookAtHost(options, host, managed))),
        lookAtSite(options, "primary"),
        lookAtSite(options, "secondary"),
        cinder.volumeServices().catch(wordsOf),
        lookAtTypes(options),
    ]);
    const sites = { primary, secondary };
    compare(options, looks, sites, services, managed);
    await lookAtImages(options, sites, services);
}
