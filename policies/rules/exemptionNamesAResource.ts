import { isWhole } from "../exemption";
import { ROOT_STACK } from "../facts/texts";
import { plainName } from "../quoted";
import type { StackRule } from "../rule";

export const exemptionNamesAResource: StackRule = {
    name: "exemption-names-a-resource",
    demand: "An exemption names a resource of the stack",
    why: "One that names nothing is a typing error, or waits for a resource of that name to come",
    source: "the stack's config cinder-dr:exemptions",
    level: "advisory",
    severity: "low",
    reference: "internal",
    traps: [],
    checks: [19],
    *judgeStack({ resources }, _, { exemptions }) {
        const urn = resources.find(({ type }) => type === ROOT_STACK)?.urn ?? "";
        for (const entry of exemptions)
            if (
                isWhole(entry) &&
                !resources.some((r) => r.name === entry.resource || r.urn === entry.resource)
            )
                yield {
                    urn,
                    sentence: `exempts '${plainName(entry.resource)}', which is not in it; take the exemption out or correct the name`,
                };
    },
};
