import { RECOVERY } from "../facts/texts";
import type { ResourceRule } from "../rule";
import { mapIn } from "../seen";

export const rolloutStartsWithACanary: ResourceRule = {
    name: "rollout-starts-with-a-canary",
    demand: "Hosts are restarted a few at a time, one of them first",
    why: "A configuration that breaks the driver stops every cinder-volume at once when all hosts get it together",
    source: "the push: a wave starts when the one before it is healthy",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [23],
    *judge({ type, inputs }) {
        if (type !== RECOVERY) return;
        const { canary, batch } = mapIn(inputs.rollout);
        if (canary === 0) yield "has no canary; set rollout.canary to 1 or more";
        if (batch === "all") yield "restarts all hosts at once; set rollout.batch to a number";
    },
};
