import type { Topology } from "./topology";
import type { Caps } from "./topology/mirroring";
import type { Role, Site } from "./topology/site";

/** One Ceph user of a site with the caps it should have. */
export interface CephUser {
    /** without `client.` */
    name: string;
    caps: Caps;
    /** Keyring on the admin host, for a user that is used there. */
    keyring?: string;
}

/** The pools that a site's users need, each once. */
export const poolsOf = ({ backends }: Pick<Topology, "backends">): string[] => [
    ...new Set(backends.map((b) => b.pool)),
];

const profiles = (profile: string, pools: Iterable<string>): string[] =>
    [...pools].map((pool) => `profile ${profile} pool=${pool}`);

/** `profile rbd` for each of a user's own pools, and what the topology names beside them. */
function cinderUsers({ backends, mirroring }: Topology, role: Role): CephUser[] {
    const pools = new Map<string, Set<string>>();
    for (const backend of backends) {
        const { user } = role === "primary" ? backend : backend.replicationDevice;
        pools.set(user, (pools.get(user) ?? new Set()).add(backend.pool));
    }
    return [...pools].map(([name, own]) => {
        const { osd = [], mgr = [] } = mirroring?.users[name] ?? {};
        return {
            name,
            caps: {
                mon: "profile rbd",
                osd: [...new Set([...profiles("rbd", own), ...osd])].join(", "),
                mgr: [...new Set([...profiles("rbd", own), ...mgr])].join(", "),
            },
        };
    });
}

/** Ceph's documented caps of an rbd-mirror daemon (doc/rbd/rbd-mirroring.rst). */
const DAEMON_CAPS: Caps = { mon: "profile rbd-mirror", osd: "profile rbd", mgr: "" };

/**
 * May look at the pools, the daemons and the peers, and at nothing else: `rbd mirror pool status` needs
 * `service dump` and `service status`, which `allow r` has. Of the config-keys only the site's name: beside it lie the
 * peers' keys.
 */
const watchCaps = (pools: string[]): Caps => ({
    mon: 'allow r, allow command "config-key get" with key=rbd/mirror/site_name',
    osd: profiles("rbd-read-only", pools).join(", "),
    mgr: "allow r",
});

/** Where the watching user's keyring lies on the admin host: where Ceph looks for it. */
export const watchKeyring = (site: Site): string | undefined =>
    site.watchUser === undefined
        ? undefined
        : `/etc/ceph/${site.clusterName}.client.${site.watchUser}.keyring`;

/** Every Ceph user that a site should have, with its caps; the peers' own user is Ceph's to make. */
export function cephUsers(topology: Topology, role: Role): CephUser[] {
    const site = topology.sites[role];
    const daemons = site.rbdMirror.hosts.map(({ cephUser }) => cephUser);
    const keyring = watchKeyring(site);
    return [
        ...cinderUsers(topology, role),
        ...[...new Set(daemons)].map((name) => ({ name, caps: DAEMON_CAPS })),
        ...(site.watchUser === undefined || keyring === undefined
            ? []
            : [{ name: site.watchUser, caps: watchCaps(poolsOf(topology)), keyring }]),
    ];
}
