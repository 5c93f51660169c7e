/** `rbd mirror pool status --verbose --format json`, as far as this project reads it. */
export interface PoolStatus {
    /** Verbatim: `OK`, `WARNING`, `ERROR`, or `UNKNOWN` for a user who may not ask. */
    daemonHealth: string;
    daemons: { hostname: string; clientId: string; health: string; callouts: string[] }[];
    /** Names of the mirrored images; a user who may only read is told of no image that is open elsewhere. */
    images: string[];
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
