import { RBD_DRIVER, type Backend } from "./topology/backend";
import type { ReplicationDevice } from "./topology/replicationDevice";

/** `$` starts a substitution in oslo.config; two of them stand for one. */
const escape = (value: string): string => value.replaceAll("$", "$$$$");

/**
 * The value of `replication_device`: pairs that oslo.config's Dict type reads, split at `,` and at the first `:`.
 * There is no `pool`: the RBD driver ignores that key.
 */
export const renderReplicationDevice = (device: ReplicationDevice): string =>
    [
        `backend_id:${device.backendId}`,
        `conf:${device.conf}`,
        `user:${device.user}`,
        `secret_uuid:${device.secretUuid}`,
    ].join(",");

/** The options cinder-dr owns in a backend's section: name to the text that stands in cinder.conf. */
export function backendOptions(backend: Backend): Record<string, string> {
    const own: Record<string, string> = {
        volume_driver: RBD_DRIVER,
        volume_backend_name: backend.volumeBackendName,
        rbd_cluster_name: backend.clusterName,
        rbd_ceph_conf: backend.conf,
        rbd_pool: backend.pool,
        rbd_user: backend.user,
        rbd_secret_uuid: backend.secretUuid,
        // Cinder's default of -1 lets a dead cluster block the service for 300 s, and a failover with it.
        rados_connect_timeout: String(backend.radosConnectTimeoutSeconds),
        replication_connect_timeout: String(backend.replicationConnectTimeoutSeconds),
        ...backend.options,
        replication_device: renderReplicationDevice(backend.replicationDevice),
    };
    return Object.fromEntries(Object.entries(own).map(([key, value]) => [key, escape(value)]));
}

/** The section as it would stand in a cinder.conf of its own; what reviewers read. */
export const renderStanza = (backend: Backend): string =>
    [`[${backend.section}]`]
        .concat(Object.entries(backendOptions(backend)).map(([key, value]) => `${key} = ${value}`))
        .join("\n")
        .concat("\n");
