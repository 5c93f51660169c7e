import { strict as assert } from "node:assert";

import { volumeTypeSpellsReplicationExactly } from "../../../policies/rules/volumeTypeSpellsReplicationExactly";
import { command, plainType, volumeType } from "../fixtures";
import { repaired, testRule } from "../support";

const says = (value: string) =>
    `'replicated' says replication_enabled = ${value}; write exactly '<is> True', or '<is> False' for a type that does not replicate`;

describe("the repair of volume-type-spells-replication-exactly", () => {
    const spelled = (value: unknown) =>
        repaired(volumeTypeSpellsReplicationExactly, volumeType({ replication_enabled: value }));

    for (const value of ["<is> true", "<is>  True", "<is> True ", "<is> 1", "<is> yes"])
        it(`writes '<is> True' for '${value}'`, async () => {
            const props = await spelled(value);
            assert.deepEqual(props?.extraSpecs, {
                volume_backend_name: "ceph",
                replication_enabled: "<is> True",
            });
        });

    for (const value of ["<is> True", "<is> False", "True", true, "<in> True", "<is> 1 2"])
        it(`leaves '${String(value)}' alone`, async () => {
            assert.equal(await spelled(value), undefined);
        });

    it("leaves other resources alone", async () => {
        const other = {
            ...volumeType({ replication_enabled: "<is> true" }),
            type: "other:index:Type",
        };
        assert.equal(await repaired(volumeTypeSpellsReplicationExactly, other), undefined);
    });

    it("leaves an exempt and an excluded type alone", async () => {
        const type = volumeType({ replication_enabled: "<is> true" });
        const exemptions = [
            {
                rule: "volume-type-spells-replication-exactly",
                resource: "replicated",
                reason: "r",
                expires: "2026-12-01",
            },
        ];
        assert.equal(
            await repaired(volumeTypeSpellsReplicationExactly, type, { exemptions }),
            undefined,
        );
        assert.equal(
            await repaired(volumeTypeSpellsReplicationExactly, type, {
                config: { exclude: ["replicated"] },
            }),
            undefined,
        );
    });
});

testRule(volumeTypeSpellsReplicationExactly, {
    passes: {
        "the exact spelling": volumeType(),
        "a type that says no": plainType("lvm", { replication_enabled: "<is> False" }),
        "a type that says no in lower case": plainType("lvm", {
            replication_enabled: "<is>  false",
        }),
        "a component": {
            type: "cinder-dr:index:ReplicatedVolumeType",
            name: "replicated",
            props: { volumeBackendName: "ceph" },
        },
        "a type that says nothing": plainType("lvm", {}),
        "the exact spelling on a command line": command(
            "cinder type-key r set replication_enabled='<is> True'",
        ),
    },
    fails: {
        "lower case": [volumeType({ replication_enabled: "<is> true" }), says("'<is> true'")],
        "a trailing space": [
            volumeType({ replication_enabled: "<is> True " }),
            says("'<is> True '"),
        ],
        "a space of another kind": [
            volumeType({ replication_enabled: "<is>\u00a0True" }),
            says("'<is>\\u00a0True'"),
        ],
        "a bare True": [volumeType({ replication_enabled: "True" }), says("'True'")],
        "a boolean": [volumeType({ replication_enabled: true }), says("'true'")],
        "a boolean no": [volumeType({ replication_enabled: false }), says("'false'")],
        "a bare no": [volumeType({ replication_enabled: "False" }), says("'False'")],
        "a no behind something": [
            volumeType({ replication_enabled: "x<is> False" }),
            says("'x<is> False'"),
        ],
        "an empty value": [volumeType({ replication_enabled: "" }), says("''")],
        "another operator": [volumeType({ replication_enabled: "<in> True" }), says("'<in> True'")],
        "a component's override": [
            {
                type: "cinder-dr:index:ReplicatedVolumeType",
                name: "replicated",
                props: {
                    volumeBackendName: "ceph",
                    extraSpecs: { replication_enabled: "<is> true" },
                },
            },
            says("'<is> true'"),
        ],
        "a command line of openstack": [
            command(
                "openstack volume type create --public --property replication_enabled='<is> true' gold",
            ),
            says("'<is> true'").replace("'replicated'", "'run' volume type 'gold'"),
        ],
        "a command line of cinder": [
            command(
                '. openrc && cinder type-key gold set volume_backend_name=ceph replication_enabled="<is> true"',
            ),
            says("'<is> true'").replace("'replicated'", "'run' volume type 'gold'"),
        ],
    },
    unknown: ["extraSpecs", "extraSpecs.replication_enabled"],
});
