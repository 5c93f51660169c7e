import { wordsOf } from "../core/problem";
import type { DriftItem, DriftState } from "../core/drift/item";
import { mirrorStatusOf } from "../core/mirrorStatus";
import { poolStatus } from "../core/rbd";
import { isOf } from "../core/service";
import type { Topology } from "../core/topology";
import { CephSite } from "../operations/cephSite";
import type { Cinder } from "../operations/cinder";
import { hostOf, type Volume } from "../core/volume";
import { drift } from "../operations/drift";
import type { Review } from "./judge";
import { restartsOf } from "./rollout";

/** Volumes that something concerns. */
export interface Touched {
    volumes: number;
    /** Of them those that Cinder does not call replicated: no failover takes them along. */
    unreplicated: number;
    gigabytes: number;
    /** Servers that have one of them attached. */
    servers: number;
}

/** How far one pool's images are behind, as the secondary says while the primary answers. */
export interface Lag {
    images: number;
    replaying: number;
    /** The most `entries_behind_primary` of any image; undefined where no image names it. */
    entriesBehind?: number;
}

/** What the cloud and the clusters say at the moment of the review. */
export interface Live {
    /** By name of the volume type. */
    types: Record<string, Touched>;
    /** By cinder.conf section. */
    backends: Record<string, Touched & { lag?: Lag }>;
    /** What is not as the base says, in what the change touches; undefined without a base. */
    drift?: string[];
    /** What could not be seen. */
    problems: string[];
}

export interface LiveOptions {
    cinder: Cinder;
    /** How the sites are reached. */
    topology: Topology;
    /** What should be there now. */
    base?: Topology;
    doing: (what: string) => void;
}

/** Cinder's words for a volume whose image is mirrored (cinder.objects.fields.ReplicationStatus). */
const REPLICATED = new Set(["enabled", "failed-over", "failing-over"]);

function touched(volumes: readonly Volume[]): Touched {
    const servers = volumes.flatMap((v) => (v.attachments ?? []).map((a) => a.server_id));
    return {
        volumes: volumes.length,
        unreplicated: volumes.filter((v) => !REPLICATED.has(v.replication_status ?? "")).length,
        gigabytes: volumes.reduce((sum, { size = 0 }) => sum + size, 0),
        servers: new Set(servers).size,
    };
}

/** Backends that change, or whose service restarts. */
const sectionsIn = ({ changes, rollout }: Review): string[] => {
    const restarting = restartsOf(rollout).flatMap(({ host }) =>
        Object.keys(changes.after.hosts.get(host)?.stanzas ?? {}),
    );
    return [...new Set([...changes.backends.map(({ name }) => name), ...restarting])];
};

async function lagOf(site: CephSite, pool: string): Promise<Lag> {
    const text = (await site.rbd(poolStatus(pool))).toString("utf8");
    const { images = [] } = JSON.parse(text) as { images?: object[] };
    const all = images.map(mirrorStatusOf);
    const behind = all.flatMap(({ entriesBehindPrimary }) => entriesBehindPrimary ?? []);
    return {
        images: all.length,
        replaying: all.filter(({ state }) => state === "up+replaying").length,
        ...(behind.length === 0 ? {} : { entriesBehind: Math.max(...behind) }),
    };
}

/** What is not as the base says, or cannot be seen, of the hosts that are pushed and of everything that is no host. */
async function driftOf(
    review: Review,
    base: Topology,
    options: LiveOptions,
): Promise<{ drifted: string[]; unseen: string[] }> {
    const { cinder, doing } = options;
    const pushed = new Set(review.rollout.waves.flat().map(({ host }) => host));
    const topology = { ...base, hosts: base.hosts.filter(({ name }) => pushed.has(name)) };
    const all: DriftItem[] = [];
    await drift({ topology, cinder, doing, found: (items) => all.push(...items) });
    const lines = (wanted: DriftState): string[] =>
        all
            .filter(({ state }) => state === wanted)
            .map(({ part, subject, found }) => `${part}: ${subject}: ${wanted}, ${found}`);
    return { drifted: lines("drifted"), unseen: lines("cannot see") };
}

/** Reads, and changes nothing, what the cloud says of what a change touches. */
export async function lookLive(review: Review, options: LiveOptions): Promise<Live> {
    const { cinder, topology, base } = options;
    const live: Live = { types: {}, backends: {}, problems: [] };
    const attempt = async (what: string, work: () => Promise<void>) => {
        try {
            await work();
        } catch (error) {
            live.problems.push(`${what}: ${wordsOf(error)}`);
        }
    };
    await attempt("volumes", async () => {
        const volumes = await cinder.allVolumes();
        for (const { name } of review.changes.types)
            live.types[name] = touched(volumes.filter((v) => v.volume_type === name));
        for (const section of sectionsIn(review)) {
            const backend = topology.backends.find((one) => one.section === section);
            const whose = backend ?? { section, otherHosts: [] };
            live.backends[section] = touched(volumes.filter((v) => isOf(whose, hostOf(v))));
        }
    });
    const primary = new CephSite("primary", topology.sites.primary);
    const secondary = new CephSite("secondary", topology.sites.secondary);
    try {
        for (const [section, backend] of Object.entries(live.backends)) {
            const sides = [review.changes.before, review.changes.after];
            const pool = sides.map((d) => d.backends.get(section)?.rbd_pool).find(Boolean);
            if (pool === undefined) continue;
            await attempt(`lag of ${section}`, async () => {
                // What the secondary has last heard of a dead primary stays `up+replaying`, with nothing behind.
                await primary.rbd(poolStatus(pool));
                backend.lag = await lagOf(secondary, pool);
            });
        }
    } finally {
        primary.close();
        secondary.close();
    }
    if (base !== undefined)
        await attempt("drift", async () => {
            const { drifted, unseen } = await driftOf(review, base, options);
            live.drift = drifted;
            live.problems.push(...unseen);
        });
    return live;
}
