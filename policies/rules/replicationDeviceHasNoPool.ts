import { aboutDevices } from "../about";
import type { ResourceRule } from "../rule";

export const replicationDeviceHasNoPool: ResourceRule = {
    name: "replication-device-has-no-pool",
    demand: "A replication device has no pool key",
    why: "The RBD driver ignores it: the pool is always rbd_pool, on both sites",
    source: "cinder/volume/drivers/rbd.py _parse_replication_configs",
    level: "advisory",
    severity: "low",
    reference: "internal",
    traps: [16, 20],
    checks: [11],
    judge: aboutDevices(function* ({ pairs }) {
        if (pairs.has("pool"))
            yield "replication_device has the key pool, which the RBD driver ignores; leave it out";
    }),
};
