import { valuesAreOneLine } from "../../../policies/rules/valuesAreOneLine";
import { backend, command, host, recovery, volumeType } from "../fixtures";
import { testRule } from "../support";

testRule(valuesAreOneLine, {
    passes: {
        "plain values": volumeType(),
        "a stanza's lines": backend(),
        "stanzas' lines": host(),
        "another resource": command("a\nb"),
        "a description of two lines": volumeType({}, { props: { description: "a\nb\tc" } }),
        "umlauts and signs": volumeType({ note: "Zürich €" }),
    },
    fails: {
        "a line break": [
            volumeType({}, { props: { name: "a\nb" } }),
            "'replicated' has a control character in name; write it on one line",
        ],
        "a NUL": [
            volumeType({ note: "a\0" }),
            "'replicated' has a control character in extraSpecs.note; write it on one line",
        ],
        "a line separator": [
            backend({ pool: "a\u2028b" }),
            "'ceph' has a control character in pool; write it on one line",
        ],
        "a byte order mark": [
            host({ address: "\ufeffa" }),
            "'cinder-a' has a control character in address; write it on one line",
        ],
        "a lone surrogate": [
            recovery({ sites: { primary: "\ud800" } }),
            "'cinder-dr' has a control character in sites.primary; write it on one line",
        ],
        "the component's type": [
            {
                type: "cinder-dr:index:ReplicatedVolumeType",
                name: "r",
                props: { volumeBackendName: "\r" },
            },
            "'r' has a control character in volumeBackendName; write it on one line",
        ],
        "an option that begins like the description": [
            volumeType({}, { props: { descriptions: "\r" } }),
            "'replicated' has a control character in descriptions; write it on one line",
        ],
        "an option that ends like the description": [
            volumeType({ "x.description": "\r" }),
            "'replicated' has a control character in extraSpecs.x.description; write it on one line",
        ],
        "an option whose name begins alike": [
            backend({ stanzaLike: "\r" }),
            "'ceph' has a control character in stanzaLike; write it on one line",
        ],
    },
    unknown: ["name"],
});
