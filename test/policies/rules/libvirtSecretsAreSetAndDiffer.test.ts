import { libvirtSecretsAreSetAndDiffer } from "../../../policies/rules/libvirtSecretsAreSetAndDiffer";
import { command, confCommand, DEVICE, FIRST_UUID, SECOND_UUID, stanza } from "../fixtures";
import { testRule } from "../support";

const none = "'conf' [ceph] has no rbd_secret_uuid; add the libvirt secret with the primary's key";

testRule(libvirtSecretsAreSetAndDiffer, {
    passes: {
        "two secrets": confCommand(stanza()),
        "an own secret from [backend_defaults]": confCommand(
            `[backend_defaults]\nrbd_secret_uuid = ${FIRST_UUID}\n${stanza({ rbd_secret_uuid: undefined })}`,
        ),
        "an own secret that is not seen": command(
            `crudini --set /etc/cinder/cinder.conf ceph replication_device ${DEVICE}`,
        ),
    },
    fails: {
        "one secret for both": [
            confCommand(stanza({ rbd_secret_uuid: SECOND_UUID })),
            "'conf' [ceph] has one libvirt secret for both clusters; two clusters have two keys, so give secret_uuid another UUID",
        ],
        "one secret in two cases": [
            confCommand(
                stanza({
                    rbd_secret_uuid: "ABCDEF00-0000-4000-8000-000000000004",
                    replication_device: DEVICE.replace(
                        SECOND_UUID,
                        "abcdef00-0000-4000-8000-000000000004",
                    ),
                }),
            ),
            "'conf' [ceph] has one libvirt secret for both clusters; two clusters have two keys, so give secret_uuid another UUID",
        ],
        "none of its own": [confCommand(stanza({ rbd_secret_uuid: undefined })), none],
        "an empty one of its own": [confCommand(stanza({ rbd_secret_uuid: "" })), none],
        "none of the target": [
            confCommand(
                stanza({ replication_device: DEVICE.replace(`,secret_uuid:${SECOND_UUID}`, "") }),
            ),
            "'conf' [ceph] replication_device has no secret_uuid; add the libvirt secret with the target's key",
        ],
        "no UUIDs": [
            confCommand(
                stanza({
                    rbd_secret_uuid: "first",
                    replication_device: DEVICE.replace(SECOND_UUID, "second"),
                }),
            ),
            "'conf' [ceph] replication_device has a secret_uuid that is no UUID; write the libvirt secret's UUID",
            "'conf' [ceph] has an rbd_secret_uuid that is no UUID; write the libvirt secret's UUID",
        ],
        "UUIDs with something before and behind": [
            confCommand(
                stanza({
                    rbd_secret_uuid: `x${FIRST_UUID}`,
                    replication_device: DEVICE.replace(SECOND_UUID, `${SECOND_UUID}x`),
                }),
            ),
            "'conf' [ceph] replication_device has a secret_uuid that is no UUID; write the libvirt secret's UUID",
            "'conf' [ceph] has an rbd_secret_uuid that is no UUID; write the libvirt secret's UUID",
        ],
    },
    unknown: ["create"],
});
