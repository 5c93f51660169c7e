import { aboutHops } from "../about";
import type { ResourceRule } from "../rule";
import { UNKNOWN } from "../seen";

export const hostKeyIsPinned: ResourceRule = {
    name: "host-key-is-pinned",
    demand: "Every SSH hop pins its host key",
    why: "Without it the command provider accepts any host: whoever answers gets the configuration and the login",
    source: "pulumi-command connection.go, InsecureIgnoreHostKey",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [],
    checks: [1],
    judge: aboutHops(function* ({ fields }) {
        const { hostKey } = fields;
        if (hostKey !== UNKNOWN && (typeof hostKey !== "string" || hostKey.trim() === ""))
            yield "pins no host key; add hostKey with the host's /etc/ssh/ssh_host_ed25519_key.pub";
    }),
};
