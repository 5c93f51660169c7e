import { confsOf } from "../facts/stanzas";
import { isCommand, VOLUME_TYPE } from "../facts/texts";
import { plainName } from "../quoted";
import type { ResourceRule } from "../rule";

export const valuesAreKnown: ResourceRule = {
    name: "values-are-known",
    demand: "What cannot be judged is said",
    why: "A value that another resource makes is unknown during preview, and no rule can judge it before up",
    source: "the engine marks such values during preview",
    level: "advisory",
    severity: "low",
    reference: "internal",
    traps: [],
    checks: [],
    *judge(seen) {
        const isJudged =
            seen.type === VOLUME_TYPE ||
            seen.type.startsWith("cinder-dr:") ||
            seen.type.startsWith("command:remote:");
        if ((isJudged || isCommand(seen) || confsOf(seen).length > 0) && seen.unknown.length > 0)
            yield `has inputs that are not known here: ${seen.unknown.map(plainName).join(", ")}; the rules judge them at up, or give them plainly`;
    },
};
