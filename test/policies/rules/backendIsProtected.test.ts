import { backendIsProtected } from "../../../policies/rules/backendIsProtected";
import { backend, command, plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

const said =
    "'ceph' is not protected, and no volume type of the stack needs it; set the resource option protect: true or declare its type";

testRule(backendIsProtected, {
    passes: {
        "a type needs it": [backend(), volumeType()],
        "an unprotected type needs it, which is refused itself": [
            backend(),
            volumeType({}, { opts: { protect: false } }),
        ],
        "a protected backend": { ...backend(), opts: { protect: true } },
        "a type of the section's name": [backend({ volumeBackendName: undefined }), volumeType()],
    },
    fails: {
        "a backend alone": [backend(), said],
        "a type of another backend": [
            [backend(), volumeType({ volume_backend_name: "other" })],
            said,
        ],
        "a type that does not replicate": [
            [backend(), plainType("x", { volume_backend_name: "ceph" })],
            said,
        ],
        "a type by command, which protects nothing": [
            [
                backend(),
                command(
                    "cinder type-key x set volume_backend_name=ceph replication_enabled='<is> True'",
                ),
            ],
            said,
        ],
    },
});
