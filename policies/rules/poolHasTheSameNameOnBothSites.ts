import { aboutDevices } from "../about";
import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";

export const poolHasTheSameNameOnBothSites: ResourceRule = {
    name: "pool-has-the-same-name-on-both-sites",
    demand: "The pool has the same name on both sites",
    why: "Cinder opens rbd_pool on the secondary too: with another name there every volume fails to promote",
    source: "cinder/volume/drivers/rbd.py _parse_replication_configs, «Pool has to be the same in all clusters»",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [20],
    checks: [11],
    judge: aboutDevices(function* ({ pairs }, stanza) {
        const [there, here] = [
            pairs.get("pool"),
            stanza.value("rbd_pool") ?? (stanza.whole ? "rbd" : undefined),
        ];
        if (there !== undefined && here !== undefined && there !== here)
            yield `replicates pool ${quoted(here)} to pool ${quoted(there)}, which the RBD driver never opens; give both sites a pool of one name`;
    }),
};
