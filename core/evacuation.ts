import type { Server } from "./servers";

type Host = Pick<Server, "host" | "hostStatus" | "hostState">;

/**
 * Nova says UNKNOWN of a host whose nova-compute does not report, and DOWN of one that was forced down. Of one that was
 * disabled it says MAINTENANCE, also while it is down.
 */
export const isHostDown = ({ hostStatus, hostState }: Omit<Host, "host">): boolean =>
    hostStatus === "DOWN" || hostStatus === "UNKNOWN" || hostState === "down";

export const hostDown = ({ host, hostStatus = "", hostState }: Host): string =>
    `its compute host ${host} is down (Nova's host_status: ${hostStatus}${hostState === undefined ? "" : `, its nova-compute: ${hostState}`})`;

/** Another host that could take an evacuated server, or why it cannot. */
export interface ComputeHost {
    host: string;
    isUp: boolean;
    isEnabled: boolean;
}

const isTaker = ({ isUp, isEnabled }: ComputeHost): boolean => isUp && isEnabled;

/**
 * Why no host takes a server: Nova would take the order all the same, and leave it in ERROR or shelved.
 * @param left its own host, if that cannot
 */
export function noTaker(computes: readonly ComputeHost[], left?: string): string | undefined {
    const others = computes.filter(({ host }) => host !== left);
    if (computes.length === 0 || others.some(isTaker)) return undefined;
    const said = others.map((o) => `${o.host}: ${o.isUp ? "disabled" : "down"}`).join(", ");
    return `no ${left === undefined ? "" : "other "}compute host is up and enabled to take it (${said === "" ? "there is none" : said})`;
}

/** Why a host that is said to be off cannot be evacuated. */
export function notLost(
    computes: readonly ComputeHost[],
    off: readonly string[],
): string | undefined {
    if (computes.length === 0) return undefined;
    const down = computes.filter(({ isUp }) => !isUp).map(({ host }) => host);
    const wrong = off.find((host) => !down.includes(host));
    return wrong === undefined
        ? undefined
        : `--evacuate must be a compute host that is down (${down.join(", ") || "there is none"}), got '${wrong}'`;
}

/** What is known of a cloud whose compute hosts may be down. */
export interface Evacuation {
    /** Hosts that the operator knows to be off. */
    off: readonly string[];
    /** Every nova-compute; empty where Nova does not show them. */
    computes: readonly ComputeHost[];
}

/** Nova evacuates no others. */
const EVACUATED = new Set(["ACTIVE", "SHUTOFF", "ERROR"]);

/** Nova takes an order to evacuate it, and is not at work on it for a host that no longer answers. */
export const isEvacuable = ({ status, taskState }: Pick<Server, "status" | "taskState">): boolean =>
    EVACUATED.has(status) && taskState === undefined;

/** The way of a server whose nova-compute answers nothing that is asked of it. */
export function byEvacuation(server: Omit<Server, "name" | "projectId">): string {
    const { id, status, taskState } = server;
    if (!EVACUATED.has(status))
        return `${hostDown(server)}, and Nova evacuates no ${status} server: bring the host back`;
    const ended =
        taskState === undefined
            ? ""
            : `\`openstack server set --state error ${id}\`, since Nova is at work on it there (${taskState}), then `;
    return `${hostDown(server)}: be sure that it is off, then ${ended}\`openstack server evacuate ${id}\`: Nova builds it anew on another host, with its volumes' new connections and without its local disks`;
}
