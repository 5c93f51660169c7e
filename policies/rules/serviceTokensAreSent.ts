import { confsOf } from "../facts/stanzas";
import type { ResourceRule } from "../rule";

export const serviceTokensAreSent: ResourceRule = {
    name: "service-tokens-are-sent",
    demand: "Cinder sends its service token to Nova and Glance",
    why: "Without service tokens a user's own token is enough to detach a volume that Nova still uses",
    source: "CVE-2023-2088",
    level: "advisory",
    severity: "medium",
    reference: "CVE-2023-2088",
    traps: [],
    checks: [27],
    *judge(seen) {
        for (const sections of confsOf(seen)) {
            // Only a whole cinder.conf can lack it.
            if (!sections.some(({ name }) => name === "keystone_authtoken")) continue;
            const own = sections.find(({ name }) => name === "service_user");
            if (
                !/^(?:true|1|yes|on)$/i.test(
                    own?.options.get("send_service_user_token")?.at(-1) ?? "",
                )
            )
                yield "writes a cinder.conf without service tokens; add send_service_user_token = true to [service_user]";
        }
    },
};
