import { cephUsersAreSet } from "../../../policies/rules/cephUsersAreSet";
import { command, confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

testRule(cephUsersAreSet, {
    passes: {
        "two users": confCommand(stanza()),
        "an own user that is not seen": command(
            `crudini --set /etc/cinder/cinder.conf ceph replication_device ${DEVICE}`,
        ),
    },
    fails: {
        "none of its own": [
            confCommand(stanza({ rbd_user: undefined })),
            "'conf' [ceph] has no rbd_user; add the Ceph user, without 'client.'",
        ],
        "an empty one of its own": [
            confCommand(stanza({ rbd_user: "" })),
            "'conf' [ceph] has no rbd_user; add the Ceph user, without 'client.'",
        ],
        "none of the target": [
            confCommand(stanza({ replication_device: DEVICE.replace("user:cinder,", "") })),
            "'conf' [ceph] replication_device has no user; add user:<Ceph user on the target>",
        ],
        "an empty one of the target": [
            confCommand(stanza({ replication_device: DEVICE.replace("user:cinder", "user:") })),
            "'conf' [ceph] replication_device has no user; add user:<Ceph user on the target>",
        ],
    },
    unknown: ["create"],
});
