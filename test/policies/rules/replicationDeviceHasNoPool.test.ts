import { replicationDeviceHasNoPool } from "../../../policies/rules/replicationDeviceHasNoPool";
import { confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

testRule(replicationDeviceHasNoPool, {
    passes: { "no pool": confCommand(stanza()) },
    fails: {
        "the article's pool": [
            confCommand(stanza({ replication_device: `${DEVICE},pool:volumes` })),
            "'conf' [ceph] replication_device has the key pool, which the RBD driver ignores; leave it out",
        ],
    },
    unknown: ["create"],
});
