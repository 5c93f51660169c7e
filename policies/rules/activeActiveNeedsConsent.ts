import { confsOf, isReplicated, stanzasOf } from "../facts/stanzas";
import type { ResourceRule } from "../rule";
import { mapIn, textIn } from "../seen";

export const activeActiveNeedsConsent: ResourceRule = {
    name: "active-active-needs-consent",
    demand: "An active-active cluster with replication is consented to",
    why: "The RBD driver takes the empty target of a failback for «choose one»: after every failback each member of the cluster must be restarted",
    source: "cinder/volume/drivers/rbd.py failover_completed, all releases from Rocky",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [24],
    checks: [14],
    settings: {
        consent: {
            type: "string",
            default: "",
            description: "Why active-active is wanted; given, the rule is content.",
        },
    },
    *judge(seen, { consent }) {
        const given =
            consent !== "" || (textIn(mapIn(seen.inputs.consent).activeActive) ?? "") !== "";
        if (given || !stanzasOf(seen).some(isReplicated)) return;
        for (const { name, options } of confsOf(seen).flat())
            if (options.has("cluster"))
                yield `[${name}] sets cluster with RBD replication, whose failback needs a restart of every member; give the reason in this rule's setting consent, or leave cluster out`;
    },
};
