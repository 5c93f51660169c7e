import { volumeTypeIsProtected } from "../../../policies/rules/volumeTypeIsProtected";
import { command, plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

testRule(volumeTypeIsProtected, {
    passes: {
        "a protected type": volumeType(),
        "a type that does not replicate": plainType("lvm", {}),
        "a command": command("cinder type-key gold set replication_enabled='<is> True'"),
    },
    fails: {
        "a type without protect": [
            volumeType({}, { opts: { protect: false } }),
            "'replicated' is not protected; set the resource option protect: true",
        ],
        "a wrongly spelled one": [
            volumeType({ replication_enabled: "<is> true" }, { opts: { protect: false } }),
            "'replicated' is not protected; set the resource option protect: true",
        ],
    },
    unknown: ["extraSpecs"],
});
