import { backendOf, REPLICATION, saysNo } from "../facts/volumeTypes";
import type { StackRule } from "../rule";
import { otherTypes, replicatedNames } from "../stack";

export const otherTypesSayTheyDoNotReplicate: StackRule = {
    name: "other-types-say-they-do-not-replicate",
    demand: "Every other volume type of the cloud says that it does not replicate",
    why: "A type keeps off the replicated backends for as long as its backend's name stays unique; <is> False keeps it off for good",
    source: "cinder/scheduler/filters/capabilities_filter.py",
    level: "advisory",
    severity: "low",
    reference: "internal",
    traps: [4],
    checks: [13],
    *judgeStack(stack) {
        for (const type of otherTypes(stack)) {
            const names = replicatedNames(stack, type);
            if (names.length === 0) continue;
            const name = backendOf(type);
            // One without a backend, or with a replicated one, is refused elsewhere.
            if (name === undefined || names.includes(name) || saysNo(type.specs[REPLICATION]))
                continue;
            yield {
                urn: type.resource.urn,
                sentence: `does not say that it does not replicate; add ${REPLICATION} = '<is> False'`,
            };
        }
    },
};
