import { named } from "../core/named";
import type { OtherService } from "../core/otherHosts";
import type { Pair, PoolView, Unseen, Views, VolumeFacts } from "../core/replica";
import { isSeen } from "../core/replica";
import { isOf, isOther, rowsOf, serviceOf } from "../core/service";
import type { Survey } from "../core/survey";
import type { Backend } from "../core/topology";
import { ROLES, type Role } from "../core/topology/site";
import { hostOf, imageOf, type Volume, type VolumeType } from "../core/volume";
import type { Parts } from "./parts";
import { RemoteError } from "./remoteError";

export interface SurveyOptions {
    /** Ask who has primary images open; one more round trip to Ceph for each of them. */
    users?: boolean;
    /** Ask Cinder's hosts whether they reach these sites. Defaults to none. */
    reach?: readonly Role[];
    /** Sites to look at. Defaults to both. */
    sides?: readonly Role[];
    /** Limit for a site that may be dead, from the connection to its admin host on: SSH itself has a limit of its own. */
    seconds?: number;
    /** The side that the limit is not meant for: it must live, and a large pool takes its time. */
    living?: Role;
    /** The side whose cluster is asked for all its mirrored pools. Defaults to none. */
    mirrored?: Role;
}

const SITE_SECONDS = 60;
/** A host gives a site up after this, or earlier where the site may be dead. */
const REACH_SECONDS = 10;
/** Of the time for an answer, what a connect to the cluster may take: the rest is for the way there and the question. */
const connectSeconds = (seconds: number): number => Math.max(Math.min(20, seconds - 2), 1);

/** One pool on one site, or why it could not be seen. */
export async function lookAt(
    parts: Parts,
    role: Role,
    pool: string,
    { users = false, seconds = SITE_SECONDS, mirrored }: SurveyOptions = {},
): Promise<PoolView | Unseen> {
    const at = parts.sites[role];
    const request = { do: "look", positions: true, users, mirrored: mirrored === role };
    const wanted = at.site.fsid;
    try {
        const view = await at.pool<PoolView>(pool, request, seconds, connectSeconds(seconds));
        if (wanted !== undefined && wanted !== view.fsid)
            return { unseen: `its fsid is '${view.fsid}', must be '${wanted}'` };
        return view;
    } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        const { isLate, lives } = error.sign;
        return {
            unseen: error.message,
            ...(isLate === true ? { isLate } : {}),
            ...(lives !== undefined && [undefined, lives].includes(wanted) ? { lives: true } : {}),
        };
    }
}

function factsOf(volume: Volume, types: Map<string, VolumeType>): VolumeFacts {
    const spec = types.get(volume.volume_type ?? "")?.extra_specs?.replication_enabled;
    return {
        id: volume.id,
        name: named(volume.name),
        status: volume.status,
        replicationStatus: volume.replication_status,
        host: hostOf(volume),
        project: volume["os-vol-tenant-attr:tenant_id"] ?? "",
        image: imageOf(volume),
        bootable: volume.bootable === "true",
        servers: (volume.attachments ?? []).map((attachment) => attachment.server_id),
        type: volume.volume_type ?? "",
        ...(volume.size === undefined ? {} : { sizeGib: volume.size }),
        ...(spec === undefined ? {} : { typeSpec: spec }),
    };
}

function pairsOf(volumes: readonly VolumeFacts[], views: Views): Pair[] {
    return volumes.map((volume) => {
        const image = (role: Role) => {
            const view = views[role];
            const seen = isSeen(view) ? view.images[volume.image] : undefined;
            return seen === undefined ? {} : { [role]: seen };
        };
        return { volume, ...image("primary"), ...image("secondary") };
    });
}

/** Services of the backend's section that the topology leaves out, with what speaks against it. */
const othersOf = ({ rows, volumes }: CinderView, backend: Backend, views: Views): OtherService[] =>
    rows
        .filter((row) => isOther(backend, row.host))
        .map((row) => ({
            row,
            mirrored: volumes
                .filter(({ host }) => serviceOf(host) === row.host)
                .filter(({ image }) =>
                    ROLES.some((role) => {
                        const view = views[role];
                        return isSeen(view) && view.images[image] !== undefined;
                    }),
                )
                .map(({ id }) => id),
        }));

/** What Cinder knows, asked once for all backends. */
export interface CinderView {
    rows: Awaited<ReturnType<Parts["cinder"]["services"]>>;
    volumes: VolumeFacts[];
    snapshots: Awaited<ReturnType<Parts["cinder"]["allSnapshots"]>>;
}

export async function askCinder({ cinder }: Parts): Promise<CinderView> {
    const [rows, volumes, snapshots, types] = await Promise.all([
        cinder.services(),
        cinder.allVolumes(),
        cinder.allSnapshots(),
        cinder.volumeTypes(),
    ]);
    const byName = new Map(types.map((type) => [type.name, type]));
    return { rows, volumes: volumes.map((v) => factsOf(v, byName)), snapshots };
}

/** Looks at one backend from everywhere at once. @throws OpenStackError when Cinder does not answer */
export async function takeSurvey(
    parts: Parts,
    backend: Backend,
    options: SurveyOptions = {},
    known: Promise<CinderView> = askCinder(parts),
): Promise<Survey> {
    const { sides = ROLES, reach = [] } = options;
    const { seconds, ...unhurried } = options;
    const view = (role: Role) =>
        sides.includes(role)
            ? lookAt(parts, role, backend.pool, role === options.living ? unhurried : options)
            : Promise.resolve({ unseen: "not asked" });
    const [cinder, primary, secondary, hosts] = await Promise.all([
        known,
        view("primary"),
        view("secondary"),
        reach.length === 0
            ? []
            : Promise.all(
                  parts
                      .hostsOf(backend)
                      .map((host) =>
                          host.look(
                              backend,
                              reach,
                              seconds === undefined ? REACH_SECONDS : connectSeconds(seconds),
                          ),
                      ),
              ),
    ]);
    const views = { primary, secondary };
    const { sites } = parts.topology;
    const volumes = cinder.volumes.filter((v) => isOf(backend, v.host));
    const ids = new Set(volumes.map((v) => v.id));
    return {
        backend,
        names: parts.names,
        rows: rowsOf(cinder.rows, backend),
        others: othersOf(cinder, backend, views),
        pairs: pairsOf(volumes, views),
        snapshots: cinder.snapshots
            .filter((s) => ids.has(s.volume_id))
            .map((s) => ({ id: s.id, volumeId: s.volume_id, status: s.status })),
        views,
        hosts,
        mirrorHosts: {
            primary: sites.primary.rbdMirror.hosts,
            secondary: sites.secondary.rbdMirror.hosts,
        },
    };
}
