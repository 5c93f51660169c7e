import { aboutReplicatedTypes } from "../about";
import { bareKey, plainSpecs, saysNo } from "../facts/volumeTypes";
import type { ResourceRule } from "../rule";

export const replicatedTypeHasNoMultiattach: ResourceRule = {
    name: "replicated-type-has-no-multiattach",
    demand: "A replicated volume type does not allow multiattach",
    why: "Multiattach takes the journaling feature off the image, which replication needs: Cinder refuses to create the volume",
    source: "cinder/volume/drivers/rbd.py MULTIATTACH_EXCLUSIONS",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [6],
    checks: [29],
    judge: aboutReplicatedTypes(function* (type) {
        for (const [key, value] of plainSpecs(type))
            if (bareKey(key) === "multiattach" && !saysNo(value))
                yield "allows multiattach, which excludes replication; leave multiattach out";
    }),
};
