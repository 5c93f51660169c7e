import { REPLICATION_ENABLED } from "../../core/topology/volumeType";
import { aboutVolumeTypes } from "../about";
import { VOLUME_TYPE } from "../facts/texts";
import { meansYes, REPLICATION, saysNo } from "../facts/volumeTypes";
import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";
import { mapIn, textIn, UNKNOWN } from "../seen";

export const volumeTypeSpellsReplicationExactly: ResourceRule = {
    name: "volume-type-spells-replication-exactly",
    demand: "A volume type says replication_enabled in Cinder's only spelling that replicates",
    why: "With any other spelling the scheduler may still place the volume on the replicated backend, and the RBD driver does not mirror it: the volume looks fine and is lost with its site",
    source: "cinder/volume/drivers/rbd.py _is_replicated_type compares with the exact text '<is> True'",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [5],
    checks: [12],
    judge: aboutVolumeTypes(function* ({ specs }) {
        const value = specs[REPLICATION];
        if (
            value === undefined ||
            value === UNKNOWN ||
            value === REPLICATION_ENABLED ||
            saysNo(value)
        )
            return;
        yield `says ${REPLICATION} = ${quoted(value)}; write exactly '${REPLICATION_ENABLED}', or '<is> False' for a type that does not replicate`;
    }),
    *repair({ type, inputs }) {
        const value = mapIn(inputs.extraSpecs)[REPLICATION];
        // Only what Cinder's own scheduler reads as yes; a bare 'True' never matched any backend.
        const isOurs = type === VOLUME_TYPE && value !== REPLICATION_ENABLED;
        if (isOurs && meansYes(value) && textIn(value)?.includes("<is>") === true)
            yield { path: ["extraSpecs", REPLICATION], value: REPLICATION_ENABLED };
    },
};
