import { aboutReplicatedTypes } from "../about";
import { backendSpecOf } from "../facts/volumeTypes";
import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";
import { textIn, UNKNOWN } from "../seen";

/** What the scheduler takes for a comparison instead of a name. */
const OPERATOR = /^\s*(?:<|=|s?[=!<>]=|s?[<>]|!)/;

export const replicatedTypeNamesItsBackend: ResourceRule = {
    name: "replicated-type-names-its-backend",
    demand: "A replicated volume type names its backend in volume_backend_name",
    why: "Without it any backend that reports replication may get the volume, a second cluster's too; words such as <in> are operators to the scheduler",
    source: "cinder/scheduler/filters/extra_specs_ops.py",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [4],
    checks: [12],
    judge: aboutReplicatedTypes(function* (type) {
        const name = backendSpecOf(type);
        if (name === UNKNOWN || (!type.whole && name === undefined)) return;
        if (name === undefined || name === "")
            yield "names no backend; add the spec volume_backend_name";
        else if (OPERATOR.test(textIn(name) ?? "<>"))
            yield `asks for the backend ${quoted(name)}, which the scheduler reads as an operator; write the plain volume_backend_name`;
    }),
};
