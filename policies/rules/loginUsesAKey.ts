import { aboutHops } from "../about";
import type { ResourceRule } from "../rule";

export const loginUsesAKey: ResourceRule = {
    name: "login-uses-a-key",
    demand: "SSH logins use a key or the agent",
    why: "A password can be guessed and replayed, and stands in the state",
    source: "sshd_config(5) PasswordAuthentication",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [3],
    judge: aboutHops(function* ({ fields }) {
        if (fields.password !== undefined && fields.password !== null)
            yield "logs in with a password; use a key or the SSH agent";
    }),
};
