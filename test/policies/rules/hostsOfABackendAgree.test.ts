import { hostsOfABackendAgree } from "../../../policies/rules/hostsOfABackendAgree";
import { RECOVERY } from "../../../policies/facts/texts";
import { backend, command, confCommand, DEVICE, host, type Resource, stanza } from "../fixtures";
import { testRule } from "../support";

const OPTIONS = [
    "volume_backend_name",
    "rbd_cluster_name",
    "rbd_ceph_conf",
    "rbd_user",
    "rbd_secret_uuid",
    "replication_connect_timeout",
    "rbd_max_clone_depth",
] as const;

const partOf = (urn: string, resource: Resource): Resource => ({
    ...resource,
    parent: { type: RECOVERY, urn },
});

testRule(hostsOfABackendAgree, {
    passes: {
        "two hosts alike": [host(), host({}, "cinder-b")],
        "hosts of two clouds, by their Keystone": [
            confCommand(`[keystone_authtoken]\nauth_url = https://a:5000/v3\n${stanza()}`),
            confCommand(
                `[keystone_authtoken]\nwww_authenticate_uri = https://b:5000\n${stanza({ rbd_pool: "x" })}`,
                "b",
                "10.0.0.2",
            ),
        ],
        "hosts of two topologies": [
            partOf("one", host()),
            partOf("two", host({ stanzas: { ceph: stanza({ rbd_pool: "x" }) } }, "cinder-b")),
        ],
        "two backends whose sections have one name": [
            host(),
            host(
                {
                    stanzas: {
                        ceph: stanza({
                            volume_backend_name: "x",
                            rbd_secret_uuid: "x",
                            replication_device: "backend_id:x,user:x",
                        }),
                    },
                },
                "cinder-b",
            ),
        ],
        "two backends without replication": [
            confCommand(stanza({ replication_device: undefined })),
            confCommand(stanza({ replication_device: undefined, rbd_pool: "x" }), "b", "10.0.0.2"),
        ],
        "two hosts of two backends": [
            host(),
            host(
                { stanzas: { other: stanza({ volume_backend_name: "other" }, "other") } },
                "cinder-b",
            ),
        ],
        "a component that differs, which is no host": [
            host(),
            backend({ stanza: stanza({ rbd_pool: "x" }) }),
        ],
        "an option of another host that is not seen whole": [
            host(),
            command(`crudini --set /etc/cinder/cinder.conf ceph replication_device ${DEVICE}`),
        ],
        "options that are no part of replication": [
            confCommand(stanza()),
            confCommand(
                stanza({ backend_host: "b", report_discard_supported: "true" }),
                "b",
                "10.0.0.2",
            ),
        ],
    },
    fails: {
        "another pool": [
            [host({ stanzas: { ceph: stanza({ rbd_pool: "x" }) } }), host({}, "cinder-b")],
            "'cinder-b' [ceph] differs from that of 'cinder-a' in rbd_pool; give all hosts of a backend the same stanza",
        ],
        "a host without the device": [
            [host(), host({ stanzas: { ceph: stanza({ replication_device: undefined }) } }, "b")],
            "'cinder-a' [ceph] differs from that of 'b' in replication_device; give all hosts of a backend the same stanza",
        ],
        "hosts of one cloud, whose Keystone is written in two ways": [
            [
                confCommand(`[keystone_authtoken]\nauth_url = https://K:5000/v3/\n${stanza()}`),
                confCommand(
                    `[keystone_authtoken]\nauth_url = https://k:5000\n${stanza({ rbd_pool: "x" })}`,
                    "b",
                    "10.0.0.2",
                ),
            ],
            "'conf' [ceph] differs from that of 'b' in rbd_pool; give all hosts of a backend the same stanza",
        ],
        "a host of no topology": [
            [partOf("one", host()), host({ stanzas: { ceph: stanza({ rbd_pool: "x" }) } }, "b")],
            "'cinder-a' [ceph] differs from that of 'b' in rbd_pool; give all hosts of a backend the same stanza",
        ],
        "the third of three": [
            [
                host({ stanzas: { other: stanza({ volume_backend_name: "o" }, "other") } }),
                host({}, "cinder-b"),
                host({ stanzas: { ceph: stanza({ rbd_pool: "x" }) } }, "cinder-c"),
            ],
            "'cinder-c' [ceph] differs from that of 'cinder-b' in rbd_pool; give all hosts of a backend the same stanza",
        ],
        "another device and a missing option": [
            [
                confCommand(stanza()),
                confCommand(
                    stanza({
                        replication_device: `${DEVICE},pool:x`,
                        rados_connect_timeout: undefined,
                    }),
                    "b",
                    "10.0.0.2",
                ),
            ],
            "'conf' [ceph] differs from that of 'b' in rados_connect_timeout, replication_device; give all hosts of a backend the same stanza",
        ],
        ...Object.fromEntries(
            OPTIONS.map((option) => [
                `another ${option}`,
                [
                    [
                        host({ stanzas: { ceph: stanza({ [option]: "x:y,rbd" }) } }),
                        host({ stanzas: { ceph: stanza({ [option]: "x:z,rbd" }) } }, "cinder-b"),
                    ],
                    `'cinder-b' [ceph] differs from that of 'cinder-a' in ${option}; give all hosts of a backend the same stanza`,
                ] as const,
            ]),
        ),
    },
    unknown: ["stanzas"],
});
