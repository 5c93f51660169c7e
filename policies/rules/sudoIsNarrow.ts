import { scriptsOf } from "../facts/texts";
import type { ResourceRule } from "../rule";

export const sudoIsNarrow: ResourceRule = {
    name: "sudo-is-narrow",
    demand: "A sudoers line allows named commands",
    why: "NOPASSWD: ALL or a wildcard makes the deployment's login root",
    source: "sudoers(5)",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [28],
    *judge(seen) {
        if (scriptsOf(seen).some(({ text }) => /NOPASSWD:\s*(?:ALL\b|[^\n]*\*)/.test(text)))
            yield "lets a login run anything as root; name the one command in the sudoers line";
    },
};
