import { otherTypesAvoidTheReplicatedBackend } from "../../../policies/rules/otherTypesAvoidTheReplicatedBackend";
import { backend, command, plainType, type Resource, volumeType } from "../fixtures";
import { testRule } from "../support";

const on =
    "'plain' does not replicate and asks for the replicated backend 'ceph'; give it another backend or replication_enabled = '<is> True'";

const inCloud = (cloud: string, resource: Resource, region?: string): Resource => ({
    ...resource,
    props: { ...resource.props, region },
    provider: { name: cloud, props: {} },
});

testRule(otherTypesAvoidTheReplicatedBackend, {
    passes: {
        "a type with a backend of its own": [
            backend(),
            plainType("lvm", { volume_backend_name: "lvm" }),
        ],
        "a type without a backend that says no": [
            backend(),
            plainType("any", { replication_enabled: "<is> False" }),
        ],
        "a stack without replication": plainType("any", {}),
        "a command that sets a spec": [backend(), command("cinder type-key any set a=b")],
        "a type whose backend is not known yet": [
            backend(),
            plainType("any", { volume_backend_name: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }),
        ],
        "a backend of another cloud that has the same name": [
            backend(),
            inCloud("a", volumeType()),
            inCloud("b", plainType("plain", { volume_backend_name: "ceph" })),
            inCloud("b", plainType("any", {})),
        ],
        "a backend that a command asks for, as types of another cloud do": [
            inCloud("a", volumeType()),
            command(
                "openstack volume type create --property replication_enabled='<is> True' --property volume_backend_name=ceph silver",
            ),
            inCloud("b", plainType("plain", { volume_backend_name: "ceph" })),
        ],
        "a backend of another region that has the same name": [
            inCloud("a", volumeType(), "north"),
            inCloud("a", plainType("plain", { volume_backend_name: "ceph" }), "south"),
        ],
        "a scoped backend that is not known yet": [
            backend(),
            plainType("any", {
                "capabilities:volume_backend_name": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
            }),
        ],
        "a type that may replicate": [
            backend(),
            plainType("any", { replication_enabled: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }),
        ],
    },
    fails: {
        "a type on the replicated backend": [
            [plainType("plain", { volume_backend_name: "ceph" }), backend()],
            on,
        ],
        "a type that says no on the replicated backend": [
            [
                plainType("plain", {
                    volume_backend_name: "ceph",
                    replication_enabled: "<is> False",
                }),
                backend(),
            ],
            on,
        ],
        "a type on a replicated type's backend": [
            [plainType("plain", { volume_backend_name: "ceph" }), volumeType()],
            on,
        ],
        "a type on a backend that no type of its cloud asks for": [
            [inCloud("b", plainType("plain", { volume_backend_name: "ceph" })), backend()],
            on,
        ],
        "a type on a replicated backend of its own cloud, which another cloud has too": [
            [
                inCloud("b", plainType("plain", { volume_backend_name: "ceph" })),
                inCloud("a", volumeType()),
                inCloud("b", volumeType({}, { name: "replicated-b" })),
                backend(),
            ],
            on,
        ],
        "a type of the same cloud and region": [
            [
                inCloud("a", plainType("plain", { volume_backend_name: "ceph" }), "north"),
                inCloud("a", volumeType(), "north"),
            ],
            on,
        ],
        "a type on a backend that a command alone asks for": [
            [
                inCloud("b", plainType("plain", { volume_backend_name: "ceph" })),
                command(
                    "openstack volume type create --property replication_enabled='<is> True' --property volume_backend_name=ceph silver",
                ),
            ],
            on,
        ],
        "a command, which may be of any cloud": [
            [
                command("openstack volume type create --property volume_backend_name=ceph plain"),
                inCloud("a", volumeType()),
            ],
            on.replace("'plain'", "'run'"),
        ],
        "a type without a backend": [
            [plainType("any", {}), backend()],
            "'any' names no backend, so its volumes may land on a replicated one; add replication_enabled = '<is> False'",
        ],
        "a created type without a backend": [
            [command("openstack volume type create any"), volumeType()],
            "'run' names no backend, so its volumes may land on a replicated one; add replication_enabled = '<is> False'",
        ],
    },
    unknown: ["extraSpecs", "extraSpecs.volume_backend_name"],
});
