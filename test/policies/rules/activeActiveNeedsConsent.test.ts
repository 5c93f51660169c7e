import { activeActiveNeedsConsent } from "../../../policies/rules/activeActiveNeedsConsent";
import { confCommand, host, stanza } from "../fixtures";
import { testRule } from "../support";

const said = (where: string) =>
    `${where} sets cluster with RBD replication, whose failback needs a restart of every member; give the reason in this rule's setting consent, or leave cluster out`;

testRule(activeActiveNeedsConsent, {
    passes: {
        "no cluster": confCommand(stanza()),
        "a cluster without replication": confCommand(
            `[DEFAULT]\ncluster = c1\n${stanza({ replication_device: undefined })}`,
        ),
        "a host's consent": host({
            stanzas: { ceph: stanza({ cluster: "c1" }) },
            consent: { activeActive: "members are restarted by hand" },
        }),
    },
    fails: {
        "a cluster of the service": [
            confCommand(`[DEFAULT]\ncluster = c1\n${stanza()}`),
            said("'conf' [DEFAULT]"),
        ],
        "a cluster of the backend": [
            host({ stanzas: { ceph: stanza({ cluster: "c1" }) } }),
            said("'cinder-a' [ceph]"),
        ],
        "an empty consent": [
            host({ stanzas: { ceph: stanza({ cluster: "c1" }) }, consent: { activeActive: "" } }),
            said("'cinder-a' [ceph]"),
        ],
        "another consent": [
            host({
                stanzas: { ceph: stanza({ cluster: "c1" }) },
                consent: { unreachableTarget: "x" },
            }),
            said("'cinder-a' [ceph]"),
        ],
    },
    unknown: ["create"],
    settings: {
        "passes with consent": [
            { consent: "members are restarted by hand" },
            confCommand(stanza({ cluster: "c1" })),
        ],
    },
});
