import { backendIdOf } from "../facts/stanzas";
import { quoted } from "../quoted";
import type { StackRule } from "../rule";

export const backendIdsAreUnique: StackRule = {
    name: "backend-ids-are-unique",
    demand: "No two replication devices of the stack have ids that differ by case only",
    why: "A failover names its target by this id: a twin that differs by case is the one that gets typed at night",
    source: "cinder/volume/drivers/rbd.py _get_target_config",
    level: "mandatory",
    severity: "medium",
    reference: "internal",
    traps: [15],
    checks: [9],
    *judgeStack({ replicated }) {
        const first = new Map<string, string>();
        for (const { resource, devices } of replicated)
            for (const id of devices.map(backendIdOf)) {
                if (id === undefined) continue;
                const other = first.get(id.toLowerCase()) ?? id;
                first.set(id.toLowerCase(), other);
                if (other !== id)
                    yield {
                        urn: resource.urn,
                        sentence: `has the backend_id ${quoted(id)} beside ${quoted(other)}; write both alike`,
                    };
            }
    },
};
