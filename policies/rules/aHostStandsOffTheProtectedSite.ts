import { isReplicated, stanzasOf } from "../facts/stanzas";
import { plainName } from "../quoted";
import type { StackRule } from "../rule";

export const aHostStandsOffTheProtectedSite: StackRule = {
    name: "a-host-stands-off-the-protected-site",
    demand: "At least one host of every backend stands off the protected site",
    why: "A failover needs a cinder-volume that is up: with all of them on the lost site Cinder's API refuses it",
    source: "cinder/volume/api.py failover, check_up=True",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [42],
    checks: [14],
    *judgeStack({ hosts, recoveries }) {
        const sections = new Set(
            hosts.flatMap((host) =>
                stanzasOf(host)
                    .filter(isReplicated)
                    .map((s) => s.section),
            ),
        );
        for (const section of sections) {
            const serving = hosts.filter((host) =>
                stanzasOf(host).some((s) => s.section === section),
            );
            if (!serving.every(({ inputs }) => inputs.site === "primary")) continue;
            const urn = recoveries[0]?.urn ?? serving[0]?.urn ?? "";
            yield {
                urn,
                sentence: `has every host of [${plainName(section)}] on the primary site; run a cinder-volume on the other site too`,
            };
        }
    },
};
