import { aboutStatements } from "../about";
import { callOf, hasVerbs, optionsOf } from "../facts/shellWords";
import type { ResourceRule } from "../rule";

export const mirroringGoesBothWays: ResourceRule = {
    name: "mirroring-goes-both-ways",
    demand: "Mirroring goes both ways",
    why: "With rx-only there is no way back: after a failover the old primary never gets the new writes",
    source: "Ceph documentation, rbd mirroring; Cinder documentation, RBD driver",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [41],
    checks: [11],
    judge: aboutStatements(function* (words) {
        const call = callOf(words, "rbd");
        if (
            call !== undefined &&
            hasVerbs(call, "mirror", "pool", "peer") &&
            optionsOf(call, "--direction").some((d) => d !== "rx-tx")
        )
            yield "makes a peer of one direction; write --direction rx-tx";
    }),
};
