import { confsOf } from "../facts/stanzas";
import type { ResourceRule } from "../rule";

const SHARED = ["DEFAULT", "backend_defaults"];

export const replicationDeviceStandsInItsBackend: ResourceRule = {
    name: "replication-device-stands-in-its-backend",
    demand: "A replication device stands in the section of its backend",
    why: "In [DEFAULT] Cinder ignores it since Pike; in [backend_defaults] it goes to every backend that has none",
    source: "cinder/volume/configuration.py",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [22],
    checks: [],
    *judge(seen) {
        for (const { name, options } of confsOf(seen).flat())
            if (SHARED.includes(name) && options.has("replication_device"))
                yield `has a replication_device in [${name}]; put it into the backend's own section`;
    },
};
