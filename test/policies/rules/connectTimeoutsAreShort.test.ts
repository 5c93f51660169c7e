import { connectTimeoutsAreShort } from "../../../policies/rules/connectTimeoutsAreShort";
import { command, confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

const demand = "set it to 1 to 30 seconds";

testRule(connectTimeoutsAreShort, {
    passes: {
        "five seconds": confCommand(stanza()),
        "one second and the limit": confCommand(
            stanza({ rados_connect_timeout: "1", replication_connect_timeout: "30" }),
        ),
        "the other one's default": confCommand(stanza({ replication_connect_timeout: undefined })),
        "five seconds from [backend_defaults]": confCommand(
            `[backend_defaults]\nrados_connect_timeout = 5\n${stanza({ rados_connect_timeout: undefined })}`,
        ),
        "one that is not seen": command(
            `crudini --set /etc/cinder/cinder.conf ceph replication_device ${DEVICE}`,
        ),
    },
    fails: {
        absence: [
            confCommand(stanza({ rados_connect_timeout: undefined })),
            `'conf' [ceph] has no rados_connect_timeout; ${demand}`,
        ],
        "none at all": [
            confCommand(stanza({ rados_connect_timeout: "-1" })),
            `'conf' [ceph] has rados_connect_timeout = '-1'; ${demand}`,
        ],
        zero: [
            confCommand(stanza({ rados_connect_timeout: "0" })),
            `'conf' [ceph] has rados_connect_timeout = '0'; ${demand}`,
        ],
        "more than the limit": [
            confCommand(stanza({ replication_connect_timeout: "31" })),
            `'conf' [ceph] has replication_connect_timeout = '31'; ${demand}`,
        ],
        "no number": [
            confCommand(stanza({ rados_connect_timeout: "5s" })),
            `'conf' [ceph] has rados_connect_timeout = '5s'; ${demand}`,
        ],
    },
    unknown: ["create"],
    settings: {
        "passes a longer time": [
            { maximumSeconds: 60 },
            confCommand(stanza({ rados_connect_timeout: "60" })),
        ],
    },
});
