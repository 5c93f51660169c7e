import { replicationDeviceNamesKnownKeysOnly } from "../../../policies/rules/replicationDeviceNamesKnownKeysOnly";
import { confCommand, DEVICE, stanza } from "../fixtures";
import { testRule } from "../support";

const device = (text: string) => confCommand(stanza({ replication_device: text }));
const said = (key: string) =>
    `'conf' [ceph] replication_device has the key ${key}, which the RBD driver does not read; use backend_id, conf, user, secret_uuid`;

testRule(replicationDeviceNamesKnownKeysOnly, {
    passes: {
        "the four keys": device(DEVICE),
        "a pool, which has rules of its own": device(`${DEVICE},pool:volumes`),
    },
    fails: {
        "an unknown key": [device(`${DEVICE},cluster:x`), said("'cluster'")],
        "another case": [device(DEVICE.replace("backend_id", "Backend_ID")), said("'Backend_ID'")],
    },
    unknown: ["create"],
});
