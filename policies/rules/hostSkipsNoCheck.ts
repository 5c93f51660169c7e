import { CINDER_HOST } from "../facts/texts";
import { plainName } from "../quoted";
import type { ResourceRule } from "../rule";
import { listIn, textIn } from "../seen";

export const hostSkipsNoCheck: ResourceRule = {
    name: "host-skips-no-check",
    demand: "A host skips no check of the push",
    why: "Validation, target, guard and health window are what puts the last good configuration back before anybody notices",
    source: "the push: host/apply.py",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [27, 28, 31],
    checks: [23],
    *judge({ type, inputs }) {
        const skipped = listIn(inputs.skipChecks).map(
            (check) => textIn(check) ?? "one not known yet",
        );
        if (type === CINDER_HOST && skipped.length > 0)
            yield `skips ${skipped.map(plainName).join(", ")}; leave skipChecks out`;
    },
};
