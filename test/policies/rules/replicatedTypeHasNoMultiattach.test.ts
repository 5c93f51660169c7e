import { replicatedTypeHasNoMultiattach } from "../../../policies/rules/replicatedTypeHasNoMultiattach";
import { plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

const said = "'replicated' allows multiattach, which excludes replication; leave multiattach out";

testRule(replicatedTypeHasNoMultiattach, {
    passes: {
        "a type without it": volumeType(),
        "a type that says no": volumeType({ multiattach: "<is> False" }),
        "a type that does not replicate": plainType("lvm", { multiattach: "<is> True" }),
        "a type that says no to replication": plainType("lvm", {
            multiattach: "<is> True",
            replication_enabled: "<is> False",
        }),
    },
    fails: {
        multiattach: [volumeType({ multiattach: "<is> True" }), said],
        "multiattach in another spelling": [volumeType({ multiattach: "<is> true" }), said],
        "scoped multiattach": [volumeType({ "capabilities:multiattach": "<is> True" }), said],
        "a boolean": [volumeType({ multiattach: true }), said],
    },
    unknown: ["extraSpecs", "extraSpecs.multiattach"],
});
