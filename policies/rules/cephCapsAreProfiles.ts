import { aboutStatements } from "../about";
import { callOf, hasVerbs } from "../facts/shellWords";
import type { ResourceRule } from "../rule";

export const cephCapsAreProfiles: ResourceRule = {
    name: "ceph-caps-are-profiles",
    demand: "Caps of a Ceph user are profiles",
    why: "allow * and allow rwx reach every pool of the cluster and, on the monitors, every user's key",
    source: "Ceph documentation, user management; Cinder documentation, RBD driver",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [8],
    judge: aboutStatements(function* (words) {
        const call = callOf(words, "ceph") ?? [];
        const sets = ["get-or-create", "get-or-create-key", "add", "caps"].some((verb) =>
            hasVerbs(call, "auth", verb),
        );
        if (sets && call.some((word) => /(?:^|[,;]\s*)allow\s+(?:\*|[rx]*w)/.test(word)))
            yield "gives a Ceph user caps beyond a profile; write 'profile rbd' for monitors and 'profile rbd pool=<pool>' for OSDs";
    }),
};
