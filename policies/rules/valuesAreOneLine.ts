import {
    CINDER_BACKEND,
    CINDER_HOST,
    RECOVERY,
    REPLICATED_VOLUME_TYPE,
    textsOf,
    VOLUME_TYPE,
} from "../facts/texts";
import { plainName } from "../quoted";
import type { ResourceRule } from "../rule";

const JUDGED = [VOLUME_TYPE, REPLICATED_VOLUME_TYPE, CINDER_BACKEND, CINDER_HOST, RECOVERY];
/** What is no name and reaches no file: Cinder keeps a description as it is. */
const FREE = /^(?:stanzas?(?:\.|$)|description$)/;
const BROKEN = /[\p{Cc}\u2028\u2029\ufeff]|\p{Cs}/u;

export const valuesAreOneLine: ResourceRule = {
    name: "values-are-one-line",
    demand: "Names and values have no control characters",
    why: "A line break in a value writes a further option into cinder.conf",
    source: "oslo.config iniparser",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [16],
    checks: [],
    *judge(seen) {
        if (!JUDGED.includes(seen.type)) return;
        for (const { property, text } of textsOf(seen))
            if (!FREE.test(property) && BROKEN.test(text))
                yield `has a control character in ${plainName(property)}; write it on one line`;
    },
};
