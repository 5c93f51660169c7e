import { targetIsAnotherCluster } from "../../../policies/rules/targetIsAnotherCluster";
import { command, confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

testRule(targetIsAnotherCluster, {
    passes: {
        "two clusters": confCommand(stanza()),
        "no conf on either side": confCommand(
            stanza({
                rbd_ceph_conf: undefined,
                replication_device: DEVICE.replace("conf:/etc/ceph/secondary.conf,", ""),
            }),
        ),
        "an option set by a tool, whose file is not seen": command(
            `crudini --set /etc/cinder/cinder.conf ceph replication_device backend_id:ceph,user:cinder,secret_uuid:x`,
        ),
    },
    fails: {
        "its own name": [
            confCommand(
                stanza({
                    replication_device: DEVICE.replace("backend_id:secondary", "backend_id:ceph"),
                }),
            ),
            "'conf' [ceph] has the backend_id 'ceph', its own rbd_cluster_name; name the target's cluster",
        ],
        "Cinder's default name": [
            confCommand(
                stanza({
                    rbd_cluster_name: undefined,
                    replication_device: DEVICE.replace("backend_id:secondary", "backend_id:ceph"),
                }),
            ),
            "'conf' [ceph] has the backend_id 'ceph', its own rbd_cluster_name; name the target's cluster",
        ],
        "its own conf": [
            confCommand(stanza({ rbd_ceph_conf: "/etc/ceph/secondary.conf" })),
            "'conf' [ceph] reaches the target with its own '/etc/ceph/secondary.conf'; give the target a conf of its own",
        ],
    },
    unknown: ["create"],
});
