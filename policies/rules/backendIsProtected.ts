import { CINDER_BACKEND, VOLUME_TYPE } from "../facts/texts";
import { backendOf } from "../facts/volumeTypes";
import type { StackRule } from "../rule";
import { textIn } from "../seen";
import { replicatedTypes } from "../stack";

export const backendIsProtected: StackRule = {
    name: "backend-is-protected",
    demand: "A backend is protected, by itself or by a volume type that needs it",
    why: "A backend that leaves the program takes its replication device from every host; a type that stays stops that at preview, because it needs its backend",
    source: "cinder-dr's topology check: the backend of a type must exist; volume-type-is-protected judges the type",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [25, 26],
    checks: [18],
    *judgeStack(stack) {
        const needed = replicatedTypes(stack)
            .filter(({ resource }) => resource.type === VOLUME_TYPE)
            .map(backendOf);
        for (const { type, urn, name, opts, inputs } of stack.resources)
            if (
                type === CINDER_BACKEND &&
                !opts.protect &&
                !needed.includes(textIn(inputs.volumeBackendName) ?? name)
            )
                yield {
                    urn,
                    sentence:
                        "is not protected, and no volume type of the stack needs it; set the resource option protect: true or declare its type",
                };
    },
};
