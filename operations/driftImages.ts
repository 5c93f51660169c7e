import { wordsOf } from "../core/problem";
import { imageDrift } from "../core/drift/image";
import { itemsOf } from "../core/drift/item";
import type { SiteSeen } from "../core/drift/siteSeen";
import { parseImageInfo } from "../core/mirrorStatus";
import { imageInfo } from "../core/rbd";
import { isOf, serviceOf, type ServiceRow } from "../core/service";
import type { Backend } from "../core/topology";
import { ROLES, type Role } from "../core/topology/site";
import { CephSite } from "./cephSite";
import { hostOf, imageOf, type Volume } from "../core/volume";
import type { DriftOptions } from "./drift";

/** Images of volumes that Cinder calls replicated, on the side that serves them. */
export async function lookAtImages(
    { topology, cinder, found, doing }: DriftOptions,
    sites: Record<Role, SiteSeen>,
    services: ServiceRow[] | string,
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
        const ofBackend = volumes.filter((volume) => isOf(backend, hostOf(volume)));
        const activeRole = (volume: Volume): Role => {
            const host = serviceOf(hostOf(volume));
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
    const images = seen.pools[backend.pool]?.images;
    if (images === undefined || "why" in images) {
        found([make.unseen(subject, images?.why ?? `${site.name} did not answer`)]);
        return;
    }
    const mirrored = new Set(images.seen);
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
