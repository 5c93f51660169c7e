import { cephUsers, poolsOf, type CephUser } from "./cephUsers";
import type { Topology } from "./topology";
import type { Mirroring, MirroringRefusal } from "./topology/mirroring";
import type { RbdMirrorHost } from "./topology/rbdMirror";
import type { Role, Site } from "./topology/site";

/** One step on one site or daemon host; the first word that `host/ceph.py` gets. */
export type CephStep =
    | "survey"
    | "pool"
    | "users"
    | "token"
    | "import"
    | "daemons"
    | "orchestrator"
    | "health"
    | "guard"
    | "daemon";

/** How the cluster is reached from its admin host. */
type Seat = Pick<
    Site,
    "name" | "clusterName" | "conf" | "cephUser" | "keyring" | "commandPrefix" | "fsid"
> & { role: Role };

/** What a site is asked to become; the JSON that `host/ceph.py` reads on the site's admin host. */
export interface SiteRequest {
    /** Who speaks in errors. */
    where: string;
    site: Seat;
    /** Whose marks these are: `<project>/<stack>/<component>`. */
    owner: string;
    /** Name of the other site, as the peer is called. */
    otherSite: string;
    pools: { name: string; create: Mirroring["createPools"] | null }[];
    users: CephUser[];
    consent: Partial<Record<MirroringRefusal, string>>;
    healthSeconds: number;
    /** Whether the topology runs the site's rbd-mirror. */
    runsDaemons: boolean;
}

const otherOf = (role: Role): Role => (role === "primary" ? "secondary" : "primary");

/** @param pools the pools of the step. Defaults to all. */
export function siteRequest(
    topology: Topology,
    role: Role,
    owner: string,
    pools: string[] = poolsOf(topology),
): SiteRequest {
    const { name, clusterName, conf, cephUser, keyring, commandPrefix, fsid, rbdMirror } =
        topology.sites[role];
    return {
        where: `site ${name}`,
        site: {
            name,
            role,
            clusterName,
            conf,
            cephUser,
            commandPrefix,
            ...(keyring === undefined ? {} : { keyring }),
            ...(fsid === undefined ? {} : { fsid }),
        },
        owner,
        otherSite: topology.sites[otherOf(role)].name,
        pools: pools.map((pool) => ({
            name: pool,
            create: topology.mirroring?.createPools ?? null,
        })),
        users: cephUsers(topology, role),
        consent: topology.mirroring?.consent ?? {},
        healthSeconds: rbdMirror.healthSeconds,
        runsDaemons: rbdMirror.orchestrator !== undefined || rbdMirror.hosts.length > 0,
    };
}

/** A running daemon that must be restarted to reach its peer. */
export interface StuckDaemon {
    /** Its id in the service map, which a restart changes. */
    service: string;
    client: string;
    hostname: string;
}

/** What a host of rbd-mirror is asked to become, without the key. */
export const daemonRequest = (daemon: RbdMirrorHost, fsid: string, stuck: StuckDaemon[]) => ({
    where: `host ${daemon.name}`,
    daemon: {
        conf: daemon.conf,
        keyring: daemon.keyring,
        cephUser: daemon.cephUser,
        serviceUser: daemon.serviceUser,
        unit: daemon.unit,
        fsid,
        stuck,
    },
});

/** What `host/ceph.py` answered, from the one line of its stdout. */
export function parseCephResult(stdout: string): unknown {
    const line = /^CINDER_DR_RESULT (.*)$/m.exec(stdout)?.[1];
    if (line === undefined) throw new Error("the host's script gave no result");
    return JSON.parse(line) as unknown;
}
