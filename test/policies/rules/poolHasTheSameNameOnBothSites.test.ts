import { poolHasTheSameNameOnBothSites } from "../../../policies/rules/poolHasTheSameNameOnBothSites";
import { command, confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

const ceph = (there: string, here?: string) =>
    confCommand(stanza({ rbd_pool: here, replication_device: `${DEVICE},pool:${there}` }));

testRule(poolHasTheSameNameOnBothSites, {
    passes: {
        "no pool": confCommand(stanza()),
        "the same pool": ceph("volumes", "volumes"),
        "Cinder's default pool on both": ceph("rbd"),
        "an option set by a tool, whose file is not seen": command(
            `crudini --set /etc/cinder/cinder.conf ceph replication_device ${DEVICE},pool:dr`,
        ),
    },
    fails: {
        "another pool": [
            ceph("dr", "volumes"),
            "'conf' [ceph] replicates pool 'volumes' to pool 'dr', which the RBD driver never opens; give both sites a pool of one name",
        ],
        "another pool than Cinder's default": [
            ceph("dr"),
            "'conf' [ceph] replicates pool 'rbd' to pool 'dr', which the RBD driver never opens; give both sites a pool of one name",
        ],
    },
    unknown: ["create"],
});
