import type { PoolStatus } from "../mirrorPool";

/** An answer, or why there is none. */
export type Answer<T> = { seen: T } | { why: string };

/** `rbd mirror pool info --format json`, as far as it is compared. */
export interface PoolInfo {
    /** `image`, `pool` or `disabled`. */
    mode: string;
    siteName: string;
    peers: { uuid: string; siteName: string; direction: string; clientName: string }[];
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
