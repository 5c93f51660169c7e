import { daysLeft, exemptionFault, isWhole } from "../exemption";
import { ROOT_STACK } from "../facts/texts";
import { plainName, quoted } from "../quoted";
import type { ResourceRule } from "../rule";

export const exemptionIsInForce: ResourceRule = {
    name: "exemption-is-in-force",
    demand: "An exemption names a rule, a resource, a reason and a day that is not past and not far",
    why: "An exemption that nobody looks at again is a rule switched off",
    source: "the stack's config cinder-dr:exemptions",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [19],
    settings: {
        maximumDays: {
            type: "integer",
            minimum: 1,
            default: 366,
            description: "How many days ahead an exemption may end.",
        },
    },
    *judge({ type }, { maximumDays }, { exemptions, today, rules }) {
        if (type !== ROOT_STACK) return;
        for (const [i, entry] of exemptions.entries()) {
            const at = `cinder-dr:exemptions[${String(i)}]`;
            if (!isWhole(entry)) yield `${at} ${exemptionFault(entry) ?? ""}`;
            else if (!rules.includes(entry.rule))
                yield `${at} names ${quoted(entry.rule)}, which is no rule; correct its name`;
            else if (daysLeft(entry, today) < 0)
                yield `${at} for ${entry.rule} on '${plainName(entry.resource)}' expired on ${entry.expires}; repair the resource, or renew the exemption with its reason`;
            else if (daysLeft(entry, today) > Number(maximumDays))
                yield `${at} for ${entry.rule} on '${plainName(entry.resource)}' ends on ${entry.expires}; end it within ${String(maximumDays)} days`;
        }
    },
};
