/** `rbd mirror pool status --verbose --format json`, as far as this project reads it. */
export interface PoolStatus {
    /** Verbatim: `OK`, `WARNING`, `ERROR`; `UNKNOWN` when no daemon is known, or this user may not ask. */
    daemonHealth: string;
    /** Whether this user may ask for the daemons. */
    mayAsk: boolean;
    daemons: { hostname: string; clientId: string; health: string; callouts: string[] }[];
    /** Names of the mirrored images; a user who may only read is told of no image that is open elsewhere. */
    images: string[];
}

/** @param stderr where rbd says that it may not ask for the daemons; it goes on without them */
export function parsePoolStatus(text: string, stderr = ""): PoolStatus {
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
        mayAsk: !/failed to query services/.test(stderr),
        daemons: (given.daemons ?? []).map((daemon) => ({
            hostname: daemon.hostname ?? "",
            clientId: daemon.client_id ?? "",
            health: daemon.health ?? "",
            callouts: daemon.callouts ?? [],
        })),
        images: (given.images ?? []).map((image) => image.name ?? ""),
    };
}
