import { aboutReplicatedTypes } from "../about";
import { bareKey, plainSpecs } from "../facts/volumeTypes";
import type { ResourceRule } from "../rule";

export const replicatedTypeAsksOnlyWhatRbdReports: ResourceRule = {
    name: "replicated-type-asks-only-what-rbd-reports",
    demand: "A replicated volume type asks for nothing that the RBD driver does not report",
    why: "The driver reports neither replication_type nor replication_count: no backend matches and every create ends with «No valid backend»",
    source: "cinder/volume/drivers/rbd.py _update_volume_stats",
    level: "mandatory",
    severity: "medium",
    reference: "internal",
    traps: [13],
    checks: [],
    judge: aboutReplicatedTypes(function* (type) {
        for (const [key] of plainSpecs(type))
            if (["replication_type", "replication_count"].includes(bareKey(key)))
                yield `asks for ${bareKey(key)}, which no RBD backend reports; leave it out`;
    }),
};
