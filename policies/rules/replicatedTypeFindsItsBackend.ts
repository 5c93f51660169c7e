import { backendNameOf, foreignNamesOf, isReplicated } from "../facts/stanzas";
import { backendOf } from "../facts/volumeTypes";
import { quoted } from "../quoted";
import type { StackRule } from "../rule";
import { replicatedTypes } from "../stack";

export const replicatedTypeFindsItsBackend: StackRule = {
    name: "replicated-type-finds-its-backend",
    demand: "Every replicated volume type names a backend of the stack that replicates",
    why: "A type without its backend ends every create with «No valid backend»; one on a backend without a replication device is not mirrored",
    source: "cinder/scheduler/filters/capabilities_filter.py",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [4],
    checks: [12],
    settings: {
        backends: {
            type: "array",
            items: { type: "string" },
            default: [],
            description: "volume_backend_name of replicated backends that are declared elsewhere.",
        },
    },
    *judgeStack(stack, { backends }) {
        const known = [
            ...stack.stanzas.filter(({ whole }) => whole).map(backendNameOf),
            ...(backends as string[]),
        ];
        // A stack of types alone says nothing of the backends; what cannot be judged is said by values-are-known.
        if (known.length === 0) return;
        const replicated = [
            ...stack.stanzas.filter(isReplicated).map(backendNameOf),
            ...(backends as string[]),
        ];
        // Other drivers replicate in ways of their own.
        const foreign = stack.resources.flatMap(foreignNamesOf);
        for (const type of replicatedTypes(stack)) {
            const name = backendOf(type);
            if (name === undefined || [...replicated, ...foreign].includes(name)) continue;
            yield {
                urn: type.resource.urn,
                sentence: known.includes(name)
                    ? `asks for the backend ${quoted(name)}, which has no replication device; add one or choose another backend`
                    : `asks for the backend ${quoted(name)}, which nothing in this stack declares; correct volume_backend_name or declare the backend`,
            };
        }
    },
};
