import { replicatedTypeIsNotEncrypted } from "../../../policies/rules/replicatedTypeIsNotEncrypted";
import { command, plainType, volumeType } from "../fixtures";
import { testRule } from "../support";

const said = (name: string) =>
    `${name} is encrypted and replicated, and its blank volumes are not mirrored; leave the encryption out`;

testRule(replicatedTypeIsNotEncrypted, {
    passes: {
        "a type without encryption": volumeType(),
        "an encrypted type that does not replicate": command(
            "openstack volume type create luks --encryption-provider luks --encryption-cipher aes-xts-plain64",
        ),
        "encryption of a type that replicates elsewhere": command(
            "cinder encryption-type-create luks nova.volume.encryptors.luks",
        ),
        "encryption of a type that does not replicate": command(
            "cinder type-key gold set replication_enabled='<is> False' && cinder encryption-type-create gold luks",
        ),
        "a replicated type set by command": command(
            "cinder type-key gold set replication_enabled='<is> True' volume_backend_name=ceph",
        ),
        "a spec that only sounds like it": plainType("x", {
            replication_enabled: "<is> True",
            encryptions: "1",
        }),
    },
    fails: {
        "an encryption spec": [volumeType({ "encryption:provider": "luks" }), said("'replicated'")],
        "an older encryption spec": [
            volumeType({ encryption_provider: "luks" }),
            said("'replicated'"),
        ],
        "an encrypted type by command": [
            command(
                "openstack volume type create gold --encryption-provider luks --property replication_enabled='<is> True' --property volume_backend_name=ceph",
            ),
            said("'run' volume type 'gold'"),
        ],
        "encryption by one command and replication by another": [
            command(
                "cinder type-key gold set replication_enabled='<is> True'\ncinder encryption-type-create --cipher aes gold luks",
            ),
            said("'run' volume type 'gold'"),
        ],
    },
    unknown: ["extraSpecs"],
});
