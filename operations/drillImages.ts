import { DRILL_PREFIX, drillNames, type DrilledImage } from "../core/drill";
import { parseImageInfo, parseMirrorStatus, type ImageInfo } from "../core/mirrorStatus";
import { parsePoolStatus } from "../core/mirrorPool";
import { named } from "../core/named";
import * as rbd from "../core/rbd";
import type { Backend } from "../core/topology";
import type { CephSite } from "./cephSite";
import type { Volume } from "../core/volume";
import { AT_A_TIME, inParallel } from "./parallel";

/** An image of the drill and the two sites as it sees them. */
export interface Candidate {
    image: DrilledImage;
    from: CephSite;
    to: CephSite;
}

/** What Cinder calls replicated; any other status of a volume is no promise. */
const REPLICATED = new Set(["enabled", "failed-over"]);

export const isReplicated = (volume: Volume): boolean =>
    REPLICATED.has(volume.replication_status ?? "");

const text = (answer: Buffer): string => answer.toString("utf8");

const infoOn = async (at: CephSite, spec: string): Promise<ImageInfo | undefined> => {
    const answer = await at.rbdIfThere(rbd.imageInfo(spec));
    return answer === undefined ? undefined : parseImageInfo(text(answer));
};

/** Names of the images of a pool that either site mirrors; what another tool mirrors there is not Cinder's. */
export async function mirroredImages(
    sites: readonly CephSite[],
    pool: string,
    known: ReadonlySet<string>,
): Promise<string[]> {
    const lists = await Promise.all(
        sites.map(async (at) => parsePoolStatus(text(await at.rbd(rbd.poolStatus(pool)))).images),
    );
    const names = new Set(lists.flat());
    return [...names].filter((name) => name.startsWith("volume-") || known.has(name)).sort();
}

/** Looks at one image on both sites: which way it is mirrored, and whether a snapshot could get across now. */
export async function lookAt(
    [a, b]: readonly [CephSite, CephSite],
    id: string,
    { pool }: Backend,
    image: string,
    volume: Volume | undefined,
): Promise<Candidate> {
    const spec = `${pool}/${image}`;
    const infos = await Promise.all([infoOn(a, spec), infoOn(b, spec)]);
    const roles = infos.map((info) => info?.mirroring?.primary);
    const [from, to] = roles[1] === true && roles[0] !== true ? [b, a] : [a, b];
    const fault = faultOf(infos, a, b) ?? (await statusFault(to, spec));
    return {
        from,
        to,
        image: {
            pool,
            image,
            ...(volume === undefined
                ? {}
                : { volumeId: volume.id, volumeName: named(volume.name) }),
            sizeBytes: Math.max(...infos.map((info) => info?.sizeBytes ?? 0)),
            from: from.site.name,
            to: to.site.name,
            clone: drillNames(id, image).clone,
            ...(fault === undefined ? {} : { fault }),
        },
    };
}

function faultOf(
    infos: readonly (ImageInfo | undefined)[],
    ...sites: CephSite[]
): string | undefined {
    for (const [i, info] of infos.entries()) {
        const where = sites[i]?.site.name ?? "";
        if (info === undefined) return `there is no such image on ${where}`;
        if (info.mirroring === undefined) return `is not mirrored on ${where}`;
    }
    const primaries = infos.filter((info) => info?.mirroring?.primary === true).length;
    if (primaries === 0) return "is primary on no site";
    if (primaries === 2) return "is primary on both sites: split brain";
    return undefined;
}

async function statusFault(to: CephSite, spec: string): Promise<string | undefined> {
    const answer = await to.attempt(rbd.imageStatus(spec));
    if (answer.code !== 0) return `has no mirroring status on ${to.site.name}`;
    const { state, description } = parseMirrorStatus(text(answer.stdout));
    return state === "up+replaying"
        ? undefined
        : `is ${state} on ${to.site.name}, must be up+replaying: ${description.slice(0, 200)}`;
}

/** What killed runs left on the sites: clones, and snapshots of mirrored images. */
export interface Leftovers {
    clones: { at: CephSite; spec: string; sizeBytes: number }[];
    /** On the site where the image is primary: only there can a snapshot be removed. */
    snapshots: { at: CephSite; spec: string; snapshot: string }[];
}

export async function findLeftovers(
    sites: readonly CephSite[],
    pool: string,
    images: readonly string[],
    signal: AbortSignal,
): Promise<Leftovers> {
    const left: Leftovers = { clones: [], snapshots: [] };
    for (const at of sites) {
        const all = JSON.parse(text(await at.rbd(rbd.listImages(pool)))) as string[];
        const clones = all.filter((name) => name.startsWith(DRILL_PREFIX));
        await inParallel(clones, AT_A_TIME, signal, async (name) => {
            const spec = `${pool}/${name}`;
            // One whose removal was cut short may not open any more, and can be removed all the same.
            const { code, stdout } = await at.attempt(rbd.imageInfo(spec));
            const sizeBytes = code === 0 ? parseImageInfo(text(stdout)).sizeBytes : 0;
            left.clones.push({ at, spec, sizeBytes });
        });
        await inParallel(images, AT_A_TIME, signal, async (image) => {
            const spec = `${pool}/${image}`;
            const names = (await snapshotsOn(at, spec)).filter((n) => n.startsWith(DRILL_PREFIX));
            if (names.length === 0 || !((await infoOn(at, spec))?.mirroring?.primary ?? true))
                return;
            left.snapshots.push(...names.map((snapshot) => ({ at, spec, snapshot })));
        });
    }
    return left;
}

/** Names of an image's snapshots on a site; none when the image is not there. */
export async function snapshotsOn(at: CephSite, spec: string): Promise<string[]> {
    const answer = await at.rbdIfThere(rbd.listSnapshots(spec));
    if (answer === undefined) return [];
    return (JSON.parse(text(answer)) as { name: string }[]).map(({ name }) => name);
}
