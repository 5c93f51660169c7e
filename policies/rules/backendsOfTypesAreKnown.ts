import type { StackRule } from "../rule";
import { replicatedTypes } from "../stack";

export const backendsOfTypesAreKnown: StackRule = {
    name: "backends-of-types-are-known",
    demand: "A stack of types alone says where their backends are declared",
    why: "Whether the backend of a type replicates cannot be judged where no backend is declared",
    source: "replicated-type-finds-its-backend",
    level: "advisory",
    severity: "low",
    reference: "internal",
    traps: [4],
    checks: [],
    settings: {
        backends: {
            type: "array",
            items: { type: "string" },
            default: [],
            description: "volume_backend_name of replicated backends that are declared elsewhere.",
        },
    },
    *judgeStack(stack, { backends }) {
        if (stack.stanzas.length > 0 || (backends as string[]).length > 0) return;
        for (const { resource } of replicatedTypes(stack))
            yield {
                urn: resource.urn,
                sentence:
                    "cannot be judged with its backend, because this stack declares none; name the replicated backends in this rule's setting backends and that of replicated-type-finds-its-backend",
            };
    },
};
