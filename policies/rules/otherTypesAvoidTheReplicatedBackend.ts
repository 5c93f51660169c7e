import { backendOf, backendSpecOf, REPLICATION, saysNo } from "../facts/volumeTypes";
import { quoted } from "../quoted";
import type { StackRule } from "../rule";
import { UNKNOWN } from "../seen";
import { otherTypes, replicatedNames } from "../stack";

export const otherTypesAvoidTheReplicatedBackend: StackRule = {
    name: "other-types-avoid-the-replicated-backend",
    demand: "A type that does not replicate cannot land on a replicated backend",
    why: "At a failover Cinder sets every volume of the backend that is not replicated to error, with its snapshots, and a failback does not set them back",
    source: "cinder/volume/manager.py failover",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [4],
    checks: [13],
    *judgeStack(stack) {
        for (const type of otherTypes(stack)) {
            const names = replicatedNames(stack, type);
            if (names.length === 0 || backendSpecOf(type) === UNKNOWN) continue;
            const { urn } = type.resource;
            const name = backendOf(type);
            if (name !== undefined && names.includes(name))
                yield {
                    urn,
                    sentence: `does not replicate and asks for the replicated backend ${quoted(name)}; give it another backend or ${REPLICATION} = '<is> True'`,
                };
            else if (name === undefined && !saysNo(type.specs[REPLICATION]))
                yield {
                    urn,
                    sentence: `names no backend, so its volumes may land on a replicated one; add ${REPLICATION} = '<is> False'`,
                };
        }
    },
};
