import type { Backend } from "./topology";
import type { Role } from "./topology/site";

/** What an attachment's `connection_info` says of the cluster; {} while nothing is connected. */
export interface ConnectionInfo {
    cluster_name?: string;
    auth_username?: string;
    secret_uuid?: string | null;
}

/** One of a backend's volumes at one server. */
export interface ServerVolume {
    volumeId: string;
    volumeName: string;
    /** Cinder's status of the volume. */
    status: string;
    /** As Nova says, e.g. `/dev/vdb`. */
    device: string;
    /** The server boots from it: Nova refuses to detach it. */
    isRoot: boolean;
    tag?: string;
    deleteOnTermination: boolean;
    /** Why the stored connection does not lead to the active site; undefined when it does. */
    fault?: string;
}

/** A server as Nova sees it, as far as its cure depends on it. */
export interface Server {
    id: string;
    name: string;
    projectId: string;
    /** Nova's status, e.g. `ACTIVE`. */
    status: string;
    taskState?: string;
    locked: boolean;
    /** Compute host; empty while the server is on none. */
    host: string;
    /** GiB of ephemeral disk and MiB of swap of the flavor: a shelved server loses both. */
    ephemeral: number;
    swap: number;
}

/** reattach: detach and attach each data volume; shelve: shelve and unshelve the whole server. */
export type Cure = "none" | "reattach" | "shelve" | "by hand";

export interface ServerPlan extends Server {
    volumes: ServerVolume[];
    cure: Cure;
    /** Why this cure, and for one by hand the commands. */
    why: string;
}

/** What a connection that leads to the active site says. */
export function expectedConnection(backend: Backend, active: Role): Required<ConnectionInfo> {
    const { replicationDevice: device } = backend;
    return active === "primary"
        ? {
              cluster_name: backend.clusterName,
              auth_username: backend.user,
              secret_uuid: backend.secretUuid,
          }
        : {
              cluster_name: device.backendId,
              auth_username: device.user,
              secret_uuid: device.secretUuid,
          };
}

/** Why a stored connection does not lead to the active site, or undefined; an empty one leads nowhere yet. */
export function connectionFault(
    seen: ConnectionInfo,
    expected: Required<ConnectionInfo>,
): string | undefined {
    if (seen.cluster_name === undefined) return undefined;
    if (seen.cluster_name !== expected.cluster_name)
        return `its connection names cluster '${seen.cluster_name}', active is '${expected.cluster_name}'`;
    // Without explicit secrets Cinder's driver keeps the other cluster's fsid after a failback, until it is restarted.
    if (seen.secret_uuid !== expected.secret_uuid)
        return `its connection names secret '${seen.secret_uuid ?? ""}', must be '${expected.secret_uuid ?? ""}': libvirt has another cluster's key there`;
    if (seen.auth_username !== expected.auth_username)
        return `its connection names user '${seen.auth_username ?? ""}', must be '${expected.auth_username}'`;
    return undefined;
}

const STABLE = new Set(["ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"]);
/** Nova attaches to these without starting anything. */
const ATTACHABLE = new Set(["ACTIVE", "SHUTOFF", "PAUSED"]);

/** The one way out of ERROR, and the way that keeps local disks; seen with Nova 26. */
export const byRefresh = ({ id, host }: Server, volumes: readonly ServerVolume[]): string =>
    [
        `openstack server stop ${id}`,
        `on ${host}: nova-manage volume_attachment get_connector --json > connector.json`,
        ...volumes.map(
            ({ volumeId }) =>
                `on ${host}: nova-manage volume_attachment refresh ${id} ${volumeId} connector.json`,
        ),
        `openstack server start ${id}`,
    ].join("; ");

/** What one server needs. Reboot, hard reboot, and stop with start keep the old connection, and are never the answer. */
export function planServer(server: Server, volumes: readonly ServerVolume[]): ServerPlan {
    const wrong = volumes.filter(({ fault }) => fault !== undefined);
    const plan = (cure: Cure, why: string): ServerPlan => ({
        ...server,
        volumes: [...volumes],
        cure,
        why,
    });
    if (wrong.length === 0) return plan("none", "its connections lead to the active site");
    const broken = wrong.find(({ status }) => status !== "in-use");
    if (broken !== undefined)
        return plan(
            "by hand",
            `volume ${broken.volumeName} (${broken.volumeId}) is '${broken.status}' in Cinder, which refuses attachments then: bring it to 'in-use' first (\`cinder reset-state --state in-use ${broken.volumeId}\` once its data is known to be good)`,
        );
    if (server.locked)
        return plan("by hand", `openstack server unlock ${server.id}, then run this again`);
    if (server.taskState !== undefined)
        return plan(
            "by hand",
            `Nova is at work on it (${server.taskState}): run this again when it is done`,
        );
    if (!STABLE.has(server.status))
        return plan(
            "by hand",
            server.status === "ERROR"
                ? `it is in ERROR: ${byRefresh(server, wrong)}`
                : `Nova's status is ${server.status}: bring it to ACTIVE or SHUTOFF, then run this again`,
        );
    if (wrong.some(({ isRoot }) => isRoot)) {
        if (server.ephemeral > 0 || server.swap > 0)
            return plan(
                "by hand",
                `it boots from the volume, and shelving would lose its ephemeral disk or swap: ${byRefresh(server, wrong)}`,
            );
        return plan(
            "shelve",
            "it boots from the volume: shelve and unshelve, it may come up on another host",
        );
    }
    if (!ATTACHABLE.has(server.status))
        return plan(
            "by hand",
            `Nova attaches nothing to a ${server.status} server: resume it, then run this again`,
        );
    return plan("reattach", `detach and attach ${String(wrong.length)} data volume(s)`);
}

/** Worst first is of no use here: in the order of their names, so that two runs do the same. */
export const inOrder = (plans: readonly ServerPlan[]): ServerPlan[] =>
    [...plans].sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));

/** Data volumes by device, so that each gets back the first name that is free: its own. */
export const toReattach = ({ volumes }: ServerPlan): ServerVolume[] =>
    volumes
        .filter(({ fault, isRoot }) => fault !== undefined && !isRoot)
        .sort((a, b) => a.device.localeCompare(b.device));
