import { hostsOfABackendAgree } from "../../../policies/rules/hostsOfABackendAgree";
import { backend, command, confCommand, DEVICE, host, stanza } from "../fixtures";
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

testRule(hostsOfABackendAgree, {
    passes: {
        "two hosts alike": [host(), host({}, "cinder-b")],
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
