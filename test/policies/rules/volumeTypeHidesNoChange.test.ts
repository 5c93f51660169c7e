import { volumeTypeHidesNoChange } from "../../../policies/rules/volumeTypeHidesNoChange";
import { command, plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

const said =
    "'replicated' ignores changes of its extra specs; take extraSpecs out of ignoreChanges";

testRule(volumeTypeHidesNoChange, {
    passes: {
        "a type that ignores nothing": volumeType(),
        "a type that ignores its description": volumeType(
            {},
            { opts: { ignoreChanges: ["description"] } },
        ),
        "a type that ignores something of that ending": volumeType(
            {},
            { opts: { ignoreChanges: ["myextraSpecs"] } },
        ),
        "a type that does not replicate": {
            ...plainType("lvm", { volume_backend_name: "lvm" }),
            opts: { ignoreChanges: ["extraSpecs"] },
        },
        "a command": { ...command("true"), opts: { ignoreChanges: ["*"] } },
    },
    fails: {
        extraSpecs: [volumeType({}, { opts: { ignoreChanges: ["extraSpecs"] } }), said],
        "one spec": [
            volumeType({}, { opts: { ignoreChanges: ["extraSpecs.replication_enabled"] } }),
            said,
        ],
        everything: [volumeType({}, { opts: { ignoreChanges: ["*"] } }), said],
        "one spec by index": [
            volumeType({}, { opts: { ignoreChanges: ['extraSpecs["a"]'] } }),
            said,
        ],
    },
});
