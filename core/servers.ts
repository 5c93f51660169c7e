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
    /** Cinder's `replication_status` of the volume. */
    replicationStatus?: string | null;
    /** Name of the site that alone has its data, see {@link hasStayed}. */
    onlyOn?: string;
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
    /** Nova's `host_status`, e.g. `UP`; undefined where the cloud does not show it. */
    hostStatus?: string;
    /** Nova's state of its nova-compute, `up` or `down`, where host_status is MAINTENANCE and says nothing of it. */
    hostState?: string;
    /** GiB of ephemeral disk and MiB of swap of the flavor: a shelved server loses both. */
    ephemeral: number;
    swap: number;
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

/**
 * Whether a volume's data stayed on the site that was left: it is not replicated, and its connection leads there. A
 * failover puts such a volume in `error` and `not-capable`; NULL alone is also what a volume has that Cinder moves.
 */
export function hasStayed(
    { status, replicationStatus }: Pick<ServerVolume, "status" | "replicationStatus">,
    seen: ConnectionInfo,
    expected: Required<ConnectionInfo>,
): boolean {
    if (seen.cluster_name === undefined || seen.cluster_name === expected.cluster_name)
        return false;
    const replication = replicationStatus ?? "";
    return replication === ""
        ? status === "error"
        : replication === "not-capable" || replication === "disabled";
}
