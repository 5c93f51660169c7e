import { CINDER_HOST } from "../facts/texts";
import type { ResourceRule } from "../rule";

export const hostSaysItsSite: ResourceRule = {
    name: "host-says-its-site",
    demand: "A host says on which site it stands",
    why: "Without it nobody can tell whether a cinder-volume is left when the protected site is gone",
    source: "cinder/volume/api.py failover needs a service that is up",
    level: "advisory",
    severity: "low",
    reference: "internal",
    traps: [42],
    checks: [14],
    *judge({ type, inputs }) {
        if (type === CINDER_HOST && inputs.site === undefined)
            yield "does not say its site; write site: primary or secondary";
    },
};
