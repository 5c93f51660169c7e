import { volumeTypeAsksWithTheBareKey } from "../../../policies/rules/volumeTypeAsksWithTheBareKey";
import { plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

testRule(volumeTypeAsksWithTheBareKey, {
    passes: {
        "the bare key": volumeType(),
        "other keys about replication": plainType("x", {
            replication_type: "<in> async",
            group_replication_enabled: "<is> True",
        }),
        "another scoped key": plainType("x", { "capabilities:volume_backend_name": "ceph" }),
    },
    fails: {
        "another case": [
            plainType("gold", { volume_backend_name: "ceph", Replication_Enabled: "<is> True" }),
            "'gold' has the spec Replication_Enabled, which the RBD driver does not read; name it replication_enabled",
        ],
        ...Object.fromEntries(
            ["rbd:replication_enabled", "replication-enabled", "replication_enable"].map((key) => [
                `the key ${key}`,
                [
                    plainType("gold", { volume_backend_name: "ceph", [key]: "<is> True" }),
                    `'gold' has the spec ${key}, which the RBD driver does not read; name it replication_enabled`,
                ] as const,
            ]),
        ),
        "a scoped key": [
            plainType("gold", {
                volume_backend_name: "ceph",
                "capabilities:replication_enabled": "<is> True",
            }),
            "'gold' has the spec capabilities:replication_enabled, which the RBD driver does not read; name it replication_enabled",
        ],
    },
    unknown: ["extraSpecs"],
});
