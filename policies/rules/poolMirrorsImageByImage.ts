import { aboutStatements } from "../about";
import { callOf, hasVerbs, optionsOf, positionalsOf } from "../facts/shellWords";
import type { ResourceRule } from "../rule";

export const poolMirrorsImageByImage: ResourceRule = {
    name: "pool-mirrors-image-by-image",
    demand: "A pool of Cinder is mirrored in image mode",
    why: "In pool mode Cinder's mirror_image_enable is refused and the volume ends in error",
    source: "librbd api/Mirror.cc; Cinder documentation, RBD driver",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [20],
    checks: [11],
    settings: {
        otherPools: {
            type: "array",
            items: { type: "string" },
            default: ["images", "vms", "backups"],
            description: "Pools that are not Cinder's, named as Ceph's documentation names them.",
        },
    },
    judge: aboutStatements(function* (words, { otherPools }) {
        const call = callOf(words, "rbd") ?? [];
        if (!hasVerbs(call, "mirror", "pool", "enable")) return;
        const given = positionalsOf(call.slice(call.indexOf("enable") + 1));
        const pool = optionsOf(call, "-p", "--pool")[0] ?? given[0] ?? "";
        if (given.at(-1) === "pool" && !(otherPools as string[]).includes(pool))
            yield "mirrors a whole pool, and Cinder mirrors image by image; write image instead of pool";
    }),
};
