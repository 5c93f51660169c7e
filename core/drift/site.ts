import type { PoolStatus } from "../mirrorPool";
import type { Site, Topology } from "../topology";
import { PEER_USER } from "../topology/checkMirroring";
import { ROLES, type Role } from "../topology/site";
import { itemsOf, type DriftItem } from "./item";
import type { SiteRepair } from "./repair";
import type { Answer, PoolInfo, SiteSeen, UserSeen } from "./siteSeen";

type Maker = ReturnType<typeof itemsOf>;

function* poolItems(
    make: Maker,
    pool: string,
    info: PoolInfo,
    { site, repair }: { site: Site; repair: SiteRepair },
): Generator<DriftItem> {
    const mode = `pool ${pool} mirror mode`;
    const next = info.mode === "disabled" ? repair.disabled : repair.mode;
    yield info.mode === "image"
        ? make.ok(mode, info.mode)
        : make.drifted(mode, info.mode, "image", next);
    if (info.mode === "disabled") return;
    const name = `pool ${pool} site name`;
    yield info.siteName === site.name
        ? make.ok(name, info.siteName)
        : make.drifted(name, `'${info.siteName}'`, `'${site.name}'`, repair.siteName);
}

function* peerItems(
    make: Maker,
    pool: string,
    { peers }: PoolInfo,
    { other, repair, connected }: { other: Site; repair: SiteRepair; connected: boolean },
): Generator<DriftItem> {
    const subject = `pool ${pool} peer`;
    const names = peers.map((peer) => `'${peer.siteName}'`).join(", ");
    const [peer] = peers;
    if (peer === undefined) {
        yield make.drifted(subject, "none", `'${other.name}'`, repair.noPeer);
        return;
    }
    if (peers.length > 1 || peer.siteName !== other.name) {
        yield make.drifted(subject, names, `only '${other.name}'`, repair.wrongPeer);
        return;
    }
    yield make.ok(subject, names);
    yield peer.direction === "rx-tx"
        ? make.ok(`pool ${pool} direction`, peer.direction)
        : make.drifted(`pool ${pool} direction`, peer.direction, "rx-tx", repair.direction);
    const user = `client.${PEER_USER}`;
    // A user of the operator's own is as good, as long as the daemons get through with it.
    if (peer.clientName !== "" && peer.clientName !== user && !connected)
        yield make.drifted(`pool ${pool} peer user`, peer.clientName, user, repair.wrongPeer);
}

function daemonItem(make: Maker, pool: string, status: PoolStatus, next: string): DriftItem {
    const subject = `pool ${pool} rbd-mirror`;
    if (status.daemonHealth === "UNKNOWN" && !status.mayAsk)
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
    repair: SiteRepair;
}

/** One cluster's pools, peers, daemons and users against the topology. */
export function siteDrift(seen: SiteSeen, { topology, role, users, repair }: SiteWanted) {
    const site = topology.sites[role];
    const other = topology.sites[ROLES.find((r) => r !== role) ?? role];
    const at = `sites.${role}`;
    const items: DriftItem[] = [fsidItem(itemsOf(at), site, seen.fsid)];
    for (const [pool, { info, status }] of Object.entries(seen.pools)) {
        const make = itemsOf(`${at}.pools.${pool}`);
        if ("why" in info) {
            items.push(make.unseen(`pool ${pool}`, info.why));
            continue;
        }
        items.push(...poolItems(make, pool, info.seen, { site, repair }));
        if (info.seen.mode === "disabled") continue;
        const peers = itemsOf(`${at}.peers.${pool}`);
        const connected = "why" in status || status.seen.daemonHealth !== "ERROR";
        items.push(...peerItems(peers, pool, info.seen, { other, repair, connected }));
        const daemons = itemsOf(`${at}.rbdMirror`);
        items.push(
            "why" in status
                ? daemons.unseen(`pool ${pool} rbd-mirror`, status.why)
                : daemonItem(daemons, pool, status.seen, repair.daemon),
        );
    }
    const make = itemsOf(`${at}.users`);
    for (const [user, answer] of Object.entries(seen.users))
        items.push(userItem(make, user, answer, users[user], repair.caps));
    return items;
}

function fsidItem(make: Maker, { fsid }: Site, answer: Answer<string>): DriftItem {
    if ("why" in answer) return make.unseen("fsid", answer.why);
    if (fsid === undefined || fsid === answer.seen) return make.ok("fsid", answer.seen);
    const next = "correct adminHost, conf or fsid of the site: this is another cluster";
    return make.drifted("fsid", `'${answer.seen}'`, `'${fsid}'`, next);
}
