import { VOLUME_TYPE } from "../facts/texts";
import { volumeTypesOf, wantsReplication } from "../facts/volumeTypes";
import type { ResourceRule } from "../rule";

export const volumeTypeHidesNoChange: ResourceRule = {
    name: "volume-type-hides-no-change",
    demand: "A replicated volume type ignores no change of its specs",
    why: "With ignoreChanges a spec that somebody changed in Cinder, or that the program corrects, never shows in a preview",
    source: "the engine's resource option ignoreChanges",
    level: "mandatory",
    severity: "medium",
    reference: "internal",
    traps: [9],
    checks: [],
    *judge(seen) {
        if (seen.type !== VOLUME_TYPE || !volumeTypesOf(seen).some(wantsReplication)) return;
        for (const path of seen.opts.ignoreChanges)
            if (path === "*" || /^extraSpecs\b/.test(path))
                yield "ignores changes of its extra specs; take extraSpecs out of ignoreChanges";
    },
};
