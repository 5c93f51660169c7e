import { CINDER_HOST } from "../facts/texts";
import { plainName, quoted } from "../quoted";
import type { ResourceRule } from "../rule";
import { mapIn } from "../seen";

export const consentIsShown: ResourceRule = {
    name: "consent-is-shown",
    demand: "What was consented to is seen by every reader",
    why: "A consent lets a push go on where it would be refused, e.g. without a reachable target: until that changes nothing is protected",
    source: "the push: host/apply.py",
    level: "advisory",
    severity: "medium",
    reference: "internal",
    traps: [31],
    checks: [19],
    *judge({ type, inputs }) {
        if (type !== CINDER_HOST) return;
        for (const [refusal, reason] of Object.entries(mapIn(inputs.consent)))
            yield `is consented to go on with ${plainName(refusal)}, because ${quoted(reason)}; take the consent out when the reason is gone`;
    },
};
