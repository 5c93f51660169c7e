import { aboutDevices } from "../about";
import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";

/** `pool` has rules of its own. */
const KEYS = ["backend_id", "conf", "user", "secret_uuid", "pool"];

export const replicationDeviceNamesKnownKeysOnly: ResourceRule = {
    name: "replication-device-names-known-keys-only",
    demand: "A replication device has no key that the RBD driver does not read",
    why: "An unknown or misspelled key is ignored without a word and the default takes its place",
    source: "cinder/volume/drivers/rbd.py _parse_replication_configs",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [16],
    checks: [9],
    judge: aboutDevices(function* ({ pairs }) {
        for (const key of pairs.keys())
            if (!KEYS.includes(key))
                yield `replication_device has the key ${quoted(key)}, which the RBD driver does not read; use ${KEYS.slice(0, 4).join(", ")}`;
    }),
};
