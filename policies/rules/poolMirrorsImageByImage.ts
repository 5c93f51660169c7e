import { aboutStatements } from "../about";
import { callOf, hasVerbs } from "../facts/shellWords";
import type { ResourceRule } from "../rule";

export const poolMirrorsImageByImage: ResourceRule = {
    name: "pool-mirrors-image-by-image",
    demand: "A pool is mirrored in image mode",
    why: "In pool mode Cinder's mirror_image_enable is refused and the volume ends in error",
    source: "librbd api/Mirror.cc; Cinder documentation, RBD driver",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [20],
    checks: [11],
    judge: aboutStatements(function* (words) {
        const call = callOf(words, "rbd");
        if (
            call !== undefined &&
            hasVerbs(call, "mirror", "pool", "enable") &&
            call.at(-1) === "pool"
        )
            yield "mirrors a whole pool, and Cinder mirrors image by image; write image instead of pool";
    }),
};
