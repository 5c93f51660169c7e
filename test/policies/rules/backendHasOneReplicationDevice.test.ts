import { backendHasOneReplicationDevice } from "../../../policies/rules/backendHasOneReplicationDevice";
import { confCommand, DEVICE, host, stanza } from "../fixtures";
import { testRule } from "../support";

testRule(backendHasOneReplicationDevice, {
    passes: {
        "one device": confCommand(stanza()),
        "a backend without replication": confCommand(stanza({ replication_device: undefined })),
        "several devices of another driver": confCommand(
            "[netapp]\nvolume_driver = cinder.volume.drivers.netapp.common.NetAppDriver\nreplication_device = backend_id:a\nreplication_device = backend_id:b\n",
        ),
        "one device on each of two hosts": [host(), host({}, "cinder-b")],
    },
    fails: {
        "two devices": [
            confCommand(`${stanza()}replication_device = ${DEVICE}\n`),
            "'conf' [ceph] has 2 replication devices; keep one",
        ],
        "two devices in a section that stands twice": [
            confCommand(stanza() + stanza()),
            "'conf' [ceph] has 2 replication devices; keep one",
        ],
        "two devices of a host component": [
            host({ stanzas: { ceph: `${stanza()}replication_device = ${DEVICE}\n` } }),
            "'cinder-a' [ceph] has 2 replication devices; keep one",
        ],
    },
    unknown: ["create"],
});
