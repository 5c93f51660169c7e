import { VOLUME_TYPE } from "../facts/texts";
import type { ResourceRule } from "../rule";

export const volumeTypeHidesNoChange: ResourceRule = {
    name: "volume-type-hides-no-change",
    demand: "A volume type ignores no change of its specs",
    why: "With ignoreChanges a spec that somebody changed in Cinder, or that the program corrects, never shows in a preview",
    source: "the engine's resource option ignoreChanges",
    level: "mandatory",
    severity: "medium",
    reference: "internal",
    traps: [9],
    checks: [],
    *judge({ type, opts }) {
        if (type !== VOLUME_TYPE) return;
        for (const path of opts.ignoreChanges)
            if (path === "*" || /^extraSpecs\b/.test(path))
                yield "ignores changes of its extra specs; take extraSpecs out of ignoreChanges";
    },
};
