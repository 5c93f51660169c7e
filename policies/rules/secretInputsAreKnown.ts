import { ROOT_STACK } from "../facts/texts";
import type { ResourceRule } from "../rule";

/**
 * The SDK hands secrets to a policy in clear and unmarked, but to a repair wrapped, and the engine runs repairs first.
 * This one repairs nothing: it lets the pack see which inputs are secrets.
 */
export const secretInputsAreKnown: ResourceRule = {
    name: "secret-inputs-are-known",
    demand: "The pack knows which inputs are Pulumi secrets",
    why: "Without it no rule can tell a plain secret from an encrypted one, and a message could quote a secret that does not look like one",
    source: "@pulumi/policy deserialize.js: secrets are unwrapped for policies and kept for remediations",
    level: "remediate",
    severity: "medium",
    reference: "internal",
    traps: [],
    checks: [5],
    *judge({ type, secret }) {
        if (type === ROOT_STACK && secret === undefined)
            yield "is judged without knowing its secrets; set the level of this rule to remediate, which changes nothing";
    },
    *repair() {
        // Nothing is to be changed.
    },
};
