import { backendsOfTypesAreKnown } from "../../../policies/rules/backendsOfTypesAreKnown";
import { backend, plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

const said =
    "'replicated' cannot be judged with its backend, because this stack declares none; name the replicated backends in this rule's setting backends and that of replicated-type-finds-its-backend";

testRule(backendsOfTypesAreKnown, {
    passes: {
        "a backend in the stack": [volumeType(), backend()],
        "a type that does not replicate": plainType("x", {}),
    },
    fails: { "types alone": [volumeType(), said] },
    unknown: ["extraSpecs"],
    settings: { "passes with backends of elsewhere": [{ backends: ["ceph"] }, volumeType()] },
});
