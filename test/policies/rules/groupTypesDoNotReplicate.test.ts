import { groupTypesDoNotReplicate } from "../../../policies/rules/groupTypesDoNotReplicate";
import { command, volumeType } from "../fixtures";
import { testRule } from "../support";

testRule(groupTypesDoNotReplicate, {
    passes: {
        "a plain type": volumeType(),
        "a group that does not replicate": command(
            "cinder group-type-key g set consistent_group_snapshot_enabled='<is> True'",
        ),
    },
    fails: {
        "a volume type": [
            volumeType({ group_replication_enabled: "<is> True" }),
            "'replicated' asks for group_replication_enabled, which the RBD driver does not know; leave it out",
        ],
        "a group type by command": [
            command(
                "cinder group-type-key g set consistent_group_replication_enabled='<is> True'; cinder group-type-key h set consistent_group_replication_enabled='<is> True'",
            ),
            "'run' asks for consistent_group_replication_enabled, which the RBD driver does not know; leave it out",
        ],
    },
    unknown: ["extraSpecs"],
});
