import { otherTypesSayTheyDoNotReplicate } from "../../../policies/rules/otherTypesSayTheyDoNotReplicate";
import { backend, command, plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

const said =
    "'lvm' does not say that it does not replicate; add replication_enabled = '<is> False'";

testRule(otherTypesSayTheyDoNotReplicate, {
    passes: {
        "a type on the replicated backend, refused elsewhere": [
            backend(),
            plainType("lvm", { volume_backend_name: "ceph" }),
        ],
        "a type that says no": [
            backend(),
            plainType("lvm", { volume_backend_name: "lvm", replication_enabled: "<is> False" }),
        ],
        "a type without a backend, refused elsewhere": [backend(), plainType("any", {})],
        "a stack without replication": plainType("lvm", { volume_backend_name: "lvm" }),
        "a replicated type": [backend(), volumeType()],
        "a command that sets a spec": [
            backend(),
            command("cinder type-key any set volume_backend_name=lvm"),
        ],
        "a type that may say it": [
            backend(),
            plainType("lvm", {
                volume_backend_name: "lvm",
                replication_enabled: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
            }),
        ],
    },
    fails: {
        silence: [[plainType("lvm", { volume_backend_name: "lvm" }), backend()], said],
        "silence beside a type alone": [
            [plainType("lvm", { volume_backend_name: "lvm" }), volumeType()],
            said,
        ],
    },
    unknown: ["extraSpecs"],
});
