import { aboutStatements } from "../about";
import { callOf, hasVerbs, optionsOf } from "../facts/shellWords";
import type { ResourceRule } from "../rule";

export const journalingHasExclusiveLock: ResourceRule = {
    name: "journaling-has-exclusive-lock",
    demand: "An image with journaling has exclusive-lock too",
    why: "Ceph refuses journaling without it, and clients without the lock fork the journal",
    source: "Ceph documentation, rbd image features",
    level: "mandatory",
    severity: "medium",
    reference: "internal",
    traps: [],
    checks: [29],
    judge: aboutStatements(function* (words) {
        const call = callOf(words, "rbd");
        if (call === undefined) return;
        const features = optionsOf(call, "--image-feature", "--image-features").flatMap((list) =>
            list.split(","),
        );
        if (
            hasVerbs(call, "create") &&
            features.includes("journaling") &&
            !features.includes("exclusive-lock")
        )
            yield "creates an image with journaling and without exclusive-lock; add exclusive-lock";
        if (hasVerbs(call, "feature", "disable") && call.includes("exclusive-lock"))
            yield "takes exclusive-lock off an image, and journaling with it; leave it on";
    }),
};
