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
    /** Names of the mirrored images; a user who may only read is told of no image that is open elsewhere. */
    images: string[];
}

/** `ceph auth get` of one user; undefined when there is no such user. */
export type UserSeen = { caps: Record<string, string>; keySha256: string } | undefined;

/** What one cluster shows. */
export interface SiteSeen {
    fsid: Answer<string>;
    pools: Record<
        string,
        { info: Answer<PoolInfo>; status: Answer<PoolStatus>; images: Answer<string[]> }
    >;
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
