import { keyringPathIsNotGivenOut } from "../../../policies/rules/keyringPathIsNotGivenOut";
import { confCommand, stanza } from "../fixtures";
import { testRule } from "../support";

const said =
    "'conf' [ceph] has rbd_keyring_conf, which shows the keyring to users; leave it out, the keyring is found by cluster and user name";

testRule(keyringPathIsNotGivenOut, {
    passes: { "a stanza without it": confCommand(stanza()) },
    fails: {
        "a replicated backend": [
            confCommand(stanza({ rbd_keyring_conf: "/etc/ceph/ceph.client.cinder.keyring" })),
            said,
        ],
        "a backend without replication": [
            confCommand(stanza({ rbd_keyring_conf: "/k", replication_device: undefined })),
            said,
        ],
    },
    unknown: ["create"],
});
