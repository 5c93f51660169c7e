import type { Site, Topology } from "../topology";
import { ROLES, type Role } from "../topology/site";
import { itemsOf, type DriftItem } from "./item";

/** An answer, or why there is none. */
export type Answer<T> = { seen: T } | { why: string };

/** `rbd mirror pool info --format json`, as far as it is compared. */
export interface PoolInfo {
    /** `image`, `pool` or `disabled`. */
    mode: string;
    siteName: string;
    peers: { uuid: string; siteName: string; direction: string; clientName: string }[];
}

/** `rbd mirror pool status --verbose --format json`, as far as it is compared. */
export interface PoolStatus {
    /** Verbatim: `OK`, `WARNING`, `ERROR`, or `UNKNOWN` for a user who may not ask. */
    daemonHealth: string;
    daemons: { hostname: string; clientId: string; health: string; callouts: string[] }[];
    /** Names of the mirrored images. */
    images: string[];
}

/** `ceph auth get` of one user; undefined when there is no such user. */
export type UserSeen = { caps: Record<string, string>; keySha256: string } | undefined;

/** What one cluster shows. */
export interface SiteSeen {
    fsid: Answer<string>;
    pools: Record<string, { info: Answer<PoolInfo>; status: Answer<PoolStatus> }>;
    users: Record<string, Answer<UserSeen>>;
}

export function parsePoolInfo(text: string): PoolInfo {
    const given = JSON.parse(text) as {
        mode?: string;
        site_name?: string;
        peers?: {
            uuid?: string;
            site_name?: string;
            direction?: string;
            client_name?: string;
        }[];
    };
    return {
        mode: given.mode ?? "",
        siteName: given.site_name ?? "",
        peers: (given.peers ?? []).map((peer) => ({
            uuid: peer.uuid ?? "",
            siteName: peer.site_name ?? "",
            direction: peer.direction ?? "",
            clientName: peer.client_name ?? "",
        })),
    };
}

export function parsePoolStatus(text: string): PoolStatus {
    const given = JSON.parse(text) as {
        summary?: { daemon_health?: string };
        daemons?: {
            hostname?: string;
            client_id?: string;
            health?: string;
            callouts?: string[];
        }[];
        images?: { name?: string }[];
    };
    return {
        daemonHealth: given.summary?.daemon_health ?? "UNKNOWN",
        daemons: (given.daemons ?? []).map((daemon) => ({
            hostname: daemon.hostname ?? "",
            clientId: daemon.client_id ?? "",
            health: daemon.health ?? "",
            callouts: daemon.callouts ?? [],
        })),
        images: (given.images ?? []).map((image) => image.name ?? ""),
    };
}

/** What repairs the Ceph side: `pulumi up` where the topology declares it, else the operator. */
interface Repair {
    pool: string;
    peer: string;
    caps: string;
    daemon: string;
}

type Maker = ReturnType<typeof itemsOf>;

function* infoItems(
    make: Maker,
    pool: string,
    info: PoolInfo,
    { site, other, repair }: { site: Site; other: Site; repair: Repair },
): Generator<DriftItem> {
    const name = `pool ${pool}`;
    yield info.mode === "image"
        ? make.ok(`${name} mirror mode`, info.mode)
        : make.drifted(`${name} mirror mode`, info.mode, "image", repair.pool);
    if (info.mode === "disabled") return;
    yield info.siteName === site.name
        ? make.ok(`${name} site name`, info.siteName)
        : make.drifted(`${name} site name`, `'${info.siteName}'`, `'${site.name}'`, repair.pool);
    const [peer, ...more] = info.peers;
    if (peer === undefined) {
        yield make.drifted(`${name} peer`, "none", `'${other.name}'`, repair.peer);
        return;
    }
    if (more.length > 0)
        yield make.drifted(
            `${name} peers`,
            info.peers.map((p) => `'${p.siteName}'`).join(", "),
            `only '${other.name}'`,
            repair.peer,
        );
    yield peer.siteName === other.name
        ? make.ok(`${name} peer`, `'${peer.siteName}'`)
        : make.drifted(`${name} peer`, `'${peer.siteName}'`, `'${other.name}'`, repair.peer);
    yield peer.direction === "rx-tx"
        ? make.ok(`${name} direction`, peer.direction)
        : make.drifted(`${name} direction`, peer.direction, "rx-tx", repair.peer);
}

function daemonItem(make: Maker, pool: string, status: PoolStatus, next: string): DriftItem {
    const subject = `pool ${pool} rbd-mirror`;
    if (status.daemonHealth === "UNKNOWN")
        return make.unseen(subject, "the Ceph user may not ask for the daemons (mon 'allow r')");
    const said = status.daemons
        .map((d) => [`${d.clientId} on ${d.hostname} ${d.health}`, ...d.callouts].join(": "))
        .join("; ");
    const found = `daemon health ${status.daemonHealth}${said === "" ? ", no daemon" : ` (${said})`}`;
    return status.daemonHealth === "OK"
        ? make.ok(subject, found)
        : make.drifted(subject, found, "daemon health OK", next);
}

/** Caps as one line, in the order of `ceph auth get`. */
const capsText = (caps: Record<string, string>): string =>
    Object.entries(caps)
        .filter(([, cap]) => cap !== "")
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([daemon, cap]) => `${daemon} '${cap}'`)
        .join(" ") || "none";

/** `a, b` and `b, a` grant the same. */
const sameCaps = (a: string, b: string): boolean => {
    const grants = (cap: string) =>
        cap
            .split(",")
            .map((grant) => grant.trim())
            .filter((grant) => grant !== "")
            .sort()
            .join(",");
    return grants(a) === grants(b);
};

function userItem(
    make: Maker,
    user: string,
    answer: Answer<UserSeen>,
    wanted: Record<string, string> | undefined,
    next: string,
): DriftItem {
    const subject = `client.${user} caps`;
    if ("why" in answer) return make.unseen(subject, answer.why);
    if (answer.seen === undefined)
        return make.drifted(
            subject,
            "no such user",
            wanted === undefined ? "a user" : capsText(wanted),
            next,
        );
    const { caps } = answer.seen;
    // Caps that the topology does not declare are the operator's own.
    if (wanted === undefined) return make.ok(subject, capsText(caps));
    const daemons = new Set([...Object.keys(caps), ...Object.keys(wanted)]);
    const same = [...daemons].every((d) => sameCaps(caps[d] ?? "", wanted[d] ?? ""));
    return same
        ? make.ok(subject, capsText(caps))
        : make.drifted(subject, capsText(caps), capsText(wanted), next);
}

export interface SiteWanted {
    topology: Topology;
    role: Role;
    /** Caps, by daemon, of each user whose caps the topology declares. */
    users: Record<string, Record<string, string>>;
    repair: Repair;
}

/** One cluster's pools, peers, daemons and users against the topology. */
export function siteDrift(seen: SiteSeen, { topology, role, users, repair }: SiteWanted) {
    const site = topology.sites[role];
    const other = topology.sites[ROLES.find((r) => r !== role) ?? role];
    const make = itemsOf(`sites.${role}`);
    const items: DriftItem[] = [];
    if ("why" in seen.fsid) items.push(make.unseen("fsid", seen.fsid.why));
    else if (site.fsid !== undefined && site.fsid !== seen.fsid.seen)
        items.push(
            make.drifted(
                "fsid",
                `'${seen.fsid.seen}'`,
                `'${site.fsid}'`,
                "correct adminHost, conf or fsid of the site: this is another cluster",
            ),
        );
    else items.push(make.ok("fsid", seen.fsid.seen));
    for (const [pool, { info, status }] of Object.entries(seen.pools)) {
        if ("why" in info) items.push(make.unseen(`pool ${pool}`, info.why));
        else items.push(...infoItems(make, pool, info.seen, { site, other, repair }));
        if ("why" in info || info.seen.mode === "disabled") continue;
        if ("why" in status) items.push(make.unseen(`pool ${pool} rbd-mirror`, status.why));
        else items.push(daemonItem(make, pool, status.seen, repair.daemon));
    }
    for (const [user, answer] of Object.entries(seen.users))
        items.push(userItem(make, user, answer, users[user], repair.caps));
    return items;
}
