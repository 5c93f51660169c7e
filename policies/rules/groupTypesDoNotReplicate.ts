import { statementsOf } from "../facts/shellWords";
import { volumeTypesOf } from "../facts/volumeTypes";
import type { ResourceRule } from "../rule";

export const groupTypesDoNotReplicate: ResourceRule = {
    name: "group-types-do-not-replicate",
    demand: "No type asks for replication of volume groups",
    why: "The RBD driver knows no group replication: the API answers 202, the rows stay «enabling», and at a failover such volumes count as replicated",
    source: "cinder/volume/manager.py enable_replication; cinder/volume/driver.py",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [3],
    checks: [],
    *judge(seen) {
        const specs = volumeTypesOf(seen).flatMap((type) => Object.keys(type.specs));
        const words = statementsOf(seen)
            .flat()
            .map((word) => word.split("=")[0] ?? "");
        for (const key of new Set([...specs, ...words]))
            if (
                key === "group_replication_enabled" ||
                key === "consistent_group_replication_enabled"
            )
                yield `asks for ${key}, which the RBD driver does not know; leave it out`;
    },
};
