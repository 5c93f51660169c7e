import { confsOf, isReplicated, stanzasOf } from "../facts/stanzas";
import { plainName } from "../quoted";
import type { ResourceRule } from "../rule";

export const replicatedBackendIsEnabled: ResourceRule = {
    name: "replicated-backend-is-enabled",
    demand: "A cinder.conf that enables backends enables the replicated one",
    why: "A section that is not in enabled_backends is never read: no service, no replication",
    source: "cinder/cmd/volume.py _launch_service",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [],
    *judge(seen) {
        const enabled = confsOf(seen)
            .flat()
            .flatMap(({ name, options }) =>
                name === "DEFAULT" ? (options.get("enabled_backends") ?? []) : [],
            );
        const names = enabled.flatMap((list) => list.split(",").map((name) => name.trim()));
        if (names.length === 0) return;
        for (const { section, whole } of stanzasOf(seen).filter(isReplicated))
            if (whole && !names.includes(section))
                yield `[${plainName(section)}] replicates and is not in enabled_backends; add it there`;
    },
};
