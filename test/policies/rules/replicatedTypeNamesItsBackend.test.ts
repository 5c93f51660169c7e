import { replicatedTypeNamesItsBackend } from "../../../policies/rules/replicatedTypeNamesItsBackend";
import { command, plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

const operator = (value: string) =>
    `'replicated' asks for the backend ${value}, which the scheduler reads as an operator; write the plain volume_backend_name`;

testRule(replicatedTypeNamesItsBackend, {
    passes: {
        "a plain name": volumeType(),
        "a name with spaces and signs": volumeType({ volume_backend_name: "ceph-a=b gold" }),
        "a type that does not replicate": plainType("lvm", { replication_enabled: "<is> False" }),
        "a name in the scheduler's own scope": plainType("gold", {
            replication_enabled: "<is> True",
            "capabilities:volume_backend_name": "ceph",
        }),
        "a name that is compared as a text": volumeType({ volume_backend_name: "s== ceph" }),
        "a command that sets one spec": command(
            "cinder type-key gold set replication_enabled='<is> True'",
        ),
        "a type without specs": { ...volumeType(), props: { name: "x" } },
    },
    fails: {
        "no name": [
            plainType("gold", { replication_enabled: "<is> True" }),
            "'gold' names no backend; add the spec volume_backend_name",
        ],
        "an empty name": [
            volumeType({ volume_backend_name: "" }),
            "'replicated' names no backend; add the spec volume_backend_name",
        ],
        "an operator": [volumeType({ volume_backend_name: "<in> ceph" }), operator("'<in> ceph'")],
        "a comparison without its space": [
            volumeType({ volume_backend_name: "s==ceph" }),
            operator("'s==ceph'"),
        ],
        "an equation": [volumeType({ volume_backend_name: "= 5" }), operator("'= 5'")],
        ...Object.fromEntries(
            ["== a", "s!= a", "s<= a", ">= a", "> a", "s< a", "< a", " ! a"].map((text) => [
                `the operator of '${text}'`,
                [volumeType({ volume_backend_name: text }), operator(`'${text}'`)] as const,
            ]),
        ),
        "a negation": [volumeType({ volume_backend_name: "!= ceph" }), operator("'!= ceph'")],
        "a number": [volumeType({ volume_backend_name: 7 }), operator("'7'")],
        "a created type without a name": [
            command("openstack volume type create gold --property replication_enabled='<is> True'"),
            "'run' volume type 'gold' names no backend; add the spec volume_backend_name",
        ],
    },
    unknown: ["extraSpecs", "extraSpecs.replication_enabled"],
});
