import { aboutVolumeTypes } from "../about";
import { bareKey, REPLICATION } from "../facts/volumeTypes";
import type { ResourceRule } from "../rule";

export const volumeTypeAsksWithTheBareKey: ResourceRule = {
    name: "volume-type-asks-with-the-bare-key",
    demand: "A volume type asks for replication with the bare key replication_enabled",
    why: "The scheduler takes a scope such as capabilities: off the key, the RBD driver does not: the volume is placed on the replicated backend and not mirrored",
    source: "cinder/volume/drivers/rbd.py _is_replicated_type; cinder/scheduler/filters/capabilities_filter.py",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [5],
    checks: [12],
    judge: aboutVolumeTypes(function* ({ specs }) {
        for (const key of Object.keys(specs))
            if (key !== REPLICATION && bareKey(key) === REPLICATION)
                yield `has the spec ${key}, which the RBD driver does not read; name it ${REPLICATION}`;
    }),
};
