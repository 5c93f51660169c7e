import { aboutHops } from "../about";
import { isOwnPush } from "../facts/texts";
import type { ResourceRule } from "../rule";

export const loginIsNotRoot: ResourceRule = {
    name: "login-is-not-root",
    demand: "SSH logins are not root",
    why: "A login of its own with one sudoers line can be taken away and shows who did what",
    source: "OpenStack Security Guide, secure communication; sshd_config(5) PermitRootLogin",
    level: "advisory",
    severity: "medium",
    reference: "internal",
    traps: [],
    checks: [2],
    judge: aboutHops(function* ({ fields }, _, seen) {
        // The component of a push says it already.
        if (isOwnPush(seen)) return;
        const { user } = fields;
        if (user === "root" || user === undefined || user === null)
            yield "logs in as root; set user to a login with a narrow sudoers line";
    }),
};
