import { keyringIsNamedForItsCluster } from "../../../policies/rules/keyringIsNamedForItsCluster";
import { command, confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

const conf = confCommand(stanza());
const keyring = (name: string) =>
    command(`install -m 0640 /dev/stdin /etc/ceph/${name}`, {}, "keyring");
const said = (name: string, clusters = "ceph, secondary") =>
    `'keyring' writes or reads the keyring ${name}, and no backend has a cluster of that name; name it for the backend_id: ${clusters}`;

testRule(keyringIsNamedForItsCluster, {
    passes: {
        "the target's keyring": [conf, keyring("secondary.client.cinder.keyring")],
        "the primary's keyring": [conf, keyring("ceph.client.cinder.keyring")],
        "another user's keyring": [conf, keyring("other.client.glance.keyring")],
        "a stack without a stanza": keyring("other.client.cinder.keyring"),
        "a stanza that is not seen whole": [
            command(`crudini --set /etc/cinder/cinder.conf ceph replication_device ${DEVICE}`),
            keyring("other.client.cinder.keyring"),
        ],
    },
    fails: {
        "a name of the site": [
            [keyring("lyon.client.cinder.keyring"), conf],
            said("lyon.client.cinder.keyring"),
        ],
        "the target's user": [
            [
                keyring("lyon.client.dr.keyring"),
                confCommand(
                    stanza({ replication_device: DEVICE.replace("user:cinder", "user:dr") }),
                ),
            ],
            said("lyon.client.dr.keyring"),
        ],
        "the default name of a cluster that has another": [
            [
                keyring("ceph.client.cinder.keyring"),
                confCommand(stanza({ rbd_cluster_name: "paris" })),
            ],
            said("ceph.client.cinder.keyring", "paris, secondary"),
        ],
        "a default name that is not used": [
            [
                keyring("x.client.cinder.keyring"),
                confCommand(stanza({ rbd_cluster_name: undefined })),
            ],
            said("x.client.cinder.keyring"),
        ],
        "the same one twice": [
            [
                {
                    ...keyring("x.client.cinder.keyring"),
                    props: {
                        ...keyring("x.client.cinder.keyring").props,
                        delete: "rm /etc/ceph/x.client.cinder.keyring",
                    },
                },
                conf,
            ],
            said("x.client.cinder.keyring"),
        ],
    },
    unknown: ["create"],
});
