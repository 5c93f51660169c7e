import { aHostStandsOffTheProtectedSite } from "../../../policies/rules/aHostStandsOffTheProtectedSite";
import { RECOVERY } from "../../../policies/facts/texts";
import { host, recovery, type Resource, stanza } from "../fixtures";
import { testRule } from "../support";

const said = (name: string) =>
    `'${name}' has every host of [ceph] on the primary site; run a cinder-volume on the other site too`;

const partOf = (urn: string, resource: Resource): Resource => ({
    ...resource,
    parent: { type: "x:y:Z", urn: "z", parent: { type: RECOVERY, urn } },
});

testRule(aHostStandsOffTheProtectedSite, {
    passes: {
        "two sites": [host({ site: "primary" }), host({}, "b")],
        "one host off the site": [host()],
        "a host that does not say": [host({ site: "primary" }), host({ site: undefined }, "b")],
        "two topologies of one stack": [
            partOf("one", host({ site: "primary" })),
            partOf("one", host({}, "b")),
            partOf("two", host({ site: "primary" }, "c")),
            partOf("two", host({}, "d")),
        ],
        "a backend without replication": [
            host({ site: "primary", stanzas: { ceph: stanza({ replication_device: undefined }) } }),
        ],
    },
    fails: {
        "all on one site": [
            [host({ site: "primary" }), host({ site: "primary" }, "cinder-b")],
            said("cinder-a"),
        ],
        "all on one site, said of the topology": [
            [host({ site: "primary" }), recovery()],
            said("cinder-dr"),
        ],
        "all of one topology, beside another": [
            [
                partOf("one", host({ site: "primary" })),
                partOf("two", host({}, "b")),
                { ...recovery(), name: "other" },
            ],
            "'' has every host of [ceph] on the primary site; run a cinder-volume on the other site too",
        ],
        "all hosts of one backend": [
            [host({ site: "primary" }), host({ stanzas: { other: stanza({}, "other") } }, "b")],
            said("cinder-a"),
        ],
    },
    unknown: ["site"],
});
