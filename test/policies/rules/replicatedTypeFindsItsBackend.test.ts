import { replicatedTypeFindsItsBackend } from "../../../policies/rules/replicatedTypeFindsItsBackend";
import { backend, confCommand, host, plainType, stanza, volumeType } from "../fixtures";
import { testRule } from "../support";

testRule(replicatedTypeFindsItsBackend, {
    passes: {
        "a backend of a component": [backend(), volumeType()],
        "a backend of a host": [host(), volumeType()],
        "a backend of a command": [confCommand(stanza()), volumeType()],
        "Cinder's default name": [
            confCommand(stanza({ volume_backend_name: undefined })),
            volumeType({ volume_backend_name: "RBD" }),
        ],
        "a stack of types alone": volumeType({ volume_backend_name: "elsewhere" }),
        "a backend of another driver": [
            confCommand(
                `${stanza()}[pure]\nvolume_driver = cinder.volume.drivers.pure.PureISCSIDriver\nvolume_backend_name = "pure"\n`,
            ),
            volumeType({ volume_backend_name: "pure" }),
        ],
        "a type that does not replicate": [
            backend(),
            plainType("lvm", { volume_backend_name: "lvm" }),
        ],
        "a type without a backend, refused elsewhere": [
            backend(),
            plainType("x", { replication_enabled: "<is> True" }),
        ],
    },
    fails: {
        "no such backend": [
            [volumeType({ volume_backend_name: "rbd" }), backend()],
            "'replicated' asks for the backend 'rbd', which nothing in this stack declares; correct volume_backend_name or declare the backend",
        ],
        "a backend without replication": [
            [volumeType(), confCommand(stanza({ replication_device: undefined }))],
            "'replicated' asks for the backend 'ceph', which has no replication device; add one or choose another backend",
        ],
    },
    unknown: ["extraSpecs", "extraSpecs.volume_backend_name"],
    settings: {
        "passes a backend that is declared elsewhere": [
            { backends: ["elsewhere"] },
            [backend(), volumeType({ volume_backend_name: "elsewhere" })],
        ],
        "fails for a backend that is declared nowhere": [
            { backends: ["elsewhere"] },
            volumeType(),
            "'replicated' asks for the backend 'ceph', which nothing in this stack declares; correct volume_backend_name or declare the backend",
        ],
    },
});
