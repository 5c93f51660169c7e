import { aboutStatements } from "../about";
import { callOf, hasVerbs } from "../facts/shellWords";
import type { ResourceRule } from "../rule";

const UNBOUND = /^profile rbd(?:-read-only)?$/;

/** The caps on a kind of daemon, as `osd 'profile rbd pool=a, profile rbd-read-only pool=b'` lists them. */
const capsOf = (call: readonly string[], daemon: string): string[] =>
    call.flatMap((word, i) =>
        call[i - 1] === daemon ? word.split(",").map((cap) => cap.trim()) : [],
    );

export const cephCapsAreProfiles: ResourceRule = {
    name: "ceph-caps-are-profiles",
    demand: "Caps of a Ceph user are profiles, for its pools only",
    why: "allow * and allow rwx reach every pool of the cluster and, on the monitors, every user's key; a profile without a pool reaches every pool",
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
        if (!sets) return;
        if (call.some((word) => /(?:^|[,;]\s*)allow\s+(?:\*|[rx]*w)/.test(word)))
            yield "gives a Ceph user caps beyond a profile; write 'profile rbd' for monitors and 'profile rbd pool=<pool>' for OSDs";
        // The daemon and its peer mirror whichever pools are set to be mirrored.
        else if (
            !capsOf(call, "mon").some((cap) => cap.startsWith("profile rbd-mirror")) &&
            capsOf(call, "osd").some((cap) => UNBOUND.test(cap))
        )
            yield "gives a Ceph user every pool of the cluster; write 'profile rbd pool=<pool>' for OSDs";
    }),
};
