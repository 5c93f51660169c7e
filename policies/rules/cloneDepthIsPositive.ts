import { aboutStanzas } from "../about";
import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";

export const cloneDepthIsPositive: ResourceRule = {
    name: "clone-depth-is-positive",
    demand: "A replicated backend clones copy-on-write",
    why: "With rbd_max_clone_depth = 0 a clone is a full copy, and the driver's path for copies sets up no mirroring",
    source: "cinder/volume/drivers/rbd.py create_cloned_volume",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [8],
    checks: [],
    judge: aboutStanzas(function* (stanza) {
        const depth = stanza.value("rbd_max_clone_depth");
        if (depth !== undefined && !/^0*[1-9]\d*$/.test(depth))
            yield `has rbd_max_clone_depth = ${quoted(depth)}, so clones are not mirrored; set it to 1 or more, or leave it out`;
    }),
};
