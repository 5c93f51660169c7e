import { isReplicated, stanzasOf } from "../facts/stanzas";
import { plainName } from "../quoted";
import type { StackRule } from "../rule";
import type { Seen } from "../seen";

const serves = (host: Seen, section: string): boolean =>
    stanzasOf(host).some((s) => s.section === section);

/** The replicated sections that only hosts on the protected site have. */
function protectedOnly(hosts: readonly Seen[]): string[] {
    const sections = hosts.flatMap((host) => stanzasOf(host).filter(isReplicated));
    return [...new Set(sections.map(({ section }) => section))].filter((section) =>
        hosts
            .filter((host) => serves(host, section))
            .every(({ inputs }) => inputs.site === "primary"),
    );
}

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
        for (const recovery of new Set(hosts.map((host) => host.recovery))) {
            const own = hosts.filter((host) => host.recovery === recovery);
            for (const section of protectedOnly(own))
                yield {
                    urn:
                        recovery ??
                        recoveries[0]?.urn ??
                        own.find((host) => serves(host, section))?.urn ??
                        "",
                    sentence: `has every host of [${plainName(section)}] on the primary site; run a cinder-volume on the other site too`,
                };
        }
    },
};
