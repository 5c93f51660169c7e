import { daysLeft, isWhole } from "../exemption";
import { ROOT_STACK } from "../facts/texts";
import { plainName, quoted } from "../quoted";
import type { ResourceRule } from "../rule";

export const exemptionIsListed: ResourceRule = {
    name: "exemption-is-listed",
    demand: "Every exemption is seen by every reader",
    why: "The silence of a policy pack is trusted; what it leaves out must be part of its output",
    source: "the stack's config cinder-dr:exemptions",
    level: "advisory",
    severity: "low",
    reference: "internal",
    traps: [],
    checks: [19],
    *judge({ type }, _, { exemptions, today }) {
        if (type !== ROOT_STACK) return;
        for (const entry of exemptions)
            if (isWhole(entry) && daysLeft(entry, today) >= 0)
                yield `exempts '${plainName(entry.resource)}' from ${entry.rule} until ${entry.expires}, because ${quoted(entry.reason)}`;
    },
};
