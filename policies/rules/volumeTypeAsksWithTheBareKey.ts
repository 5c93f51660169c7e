import { aboutVolumeTypes } from "../about";
import { bareKey, REPLICATION } from "../facts/volumeTypes";
import { plainName } from "../quoted";
import type { ResourceRule } from "../rule";

export const volumeTypeAsksWithTheBareKey: ResourceRule = {
    name: "volume-type-asks-with-the-bare-key",
    demand: "A volume type asks for replication with the bare key replication_enabled",
    why: "The scheduler takes the scope capabilities: off the key and passes over every other scope, the RBD driver reads the bare key only: with another scope or name the volume is made and not mirrored",
    source: "cinder/volume/drivers/rbd.py _is_replicated_type; cinder/scheduler/filters/capabilities_filter.py",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [5],
    checks: [12],
    judge: aboutVolumeTypes(function* ({ specs }) {
        for (const key of Object.keys(specs))
            if (key !== REPLICATION && bareKey(key) === REPLICATION)
                yield `has the spec ${plainName(key)}, which the RBD driver does not read; name it ${REPLICATION}`;
    }),
};
