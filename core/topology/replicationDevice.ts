import { shown } from "../problem";
import { cephName, closed, matching, path, uuid } from "./text";

const backendId = matching(
    /^[A-Za-z0-9][A-Za-z0-9_-]*$/,
    "a backend_id of letters, digits, '_' and '-'",
).refine((id) => id.toLowerCase() !== "default", {
    error: (issue) =>
        `must not be ${shown(issue.input)}: Cinder reserves it for the failback target`,
});

export const replicationDeviceInput = closed("exactly one replication device", {
    backendId: backendId.describe(
        "`backend_id`: failover target, and the Ceph client cluster name on the Cinder hosts (keyring /etc/ceph/<backendId>.client.<user>.keyring).",
    ),
    conf: path("the target's ceph.conf on the Cinder hosts")
        .optional()
        .describe(
            "`conf` on the Cinder hosts. Defaults to /etc/ceph/<backendId>.conf, as in Cinder.",
        ),
    user: cephName("a Ceph user without 'client.'")
        .optional()
        .describe("`user`, without `client.`. Defaults to the backend's user."),
    keyring: path("the keyring of the target's user on the Cinder hosts")
        .optional()
        .describe(
            "Keyring on the Cinder hosts. Defaults to /etc/ceph/<backendId>.client.<user>.keyring, where Ceph looks; another one must stand in the conf.",
        ),
    secretUuid: uuid("the libvirt secret of the target's key").describe(
        "`secret_uuid` (Train and later): libvirt secret on the compute nodes with the target's key.",
    ),
    pool: cephName("a pool name")
        .optional()
        .describe(
            "Only checked to equal the backend's pool: the RBD driver ignores `pool:` and uses rbd_pool.",
        ),
});

/** Where a backend's images are replicated to: one `replication_device`. */
export interface ReplicationDevice {
    backendId: string;
    conf: string;
    user: string;
    keyring: string;
    secretUuid: string;
}
