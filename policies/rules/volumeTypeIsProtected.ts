import { VOLUME_TYPE } from "../facts/texts";
import { volumeTypesOf, wantsReplication } from "../facts/volumeTypes";
import type { ResourceRule } from "../rule";

export const volumeTypeIsProtected: ResourceRule = {
    name: "volume-type-is-protected",
    demand: "A replicated volume type is protected",
    why: "Specs of a type in use cannot change and its deletion takes protection from new volumes: protect makes the engine refuse both at preview",
    source: "cinder/api/contrib/types_extra_specs.py _allow_update",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [9, 25],
    checks: [18],
    *judge(seen) {
        if (
            seen.type === VOLUME_TYPE &&
            !seen.opts.protect &&
            volumeTypesOf(seen).some(wantsReplication)
        )
            yield "is not protected; set the resource option protect: true";
    },
};
