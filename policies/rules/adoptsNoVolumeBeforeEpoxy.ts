import { callsOf } from "../facts/shellWords";
import type { StackRule } from "../rule";
import { releaseOf } from "../stack";

/** 26.2.0 has the repair, and a major number cannot tell it from 26.0.0. */
const EPOXY = 26;

export const adoptsNoVolumeBeforeEpoxy: StackRule = {
    name: "adopts-no-volume-before-epoxy",
    demand: "Before Cinder 26.2 no command takes over an existing image with a replicated backend",
    why: "Until then a managed volume keeps replication_status NULL, counts as replicated at a failover and is not mirrored",
    source: "cinder/volume/drivers/rbd.py manage_existing; bug 2115985",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [3],
    checks: [],
    settings: {
        release: {
            type: "integer",
            default: 0,
            description: "Major number of Cinder. 0: as the stack's topology says.",
        },
    },
    *judgeStack(stack, { release }) {
        const major = releaseOf(stack, release);
        if (major === undefined || major > EPOXY || stack.replicated.length === 0) return;
        for (const resource of stack.resources)
            if (callsOf(resource, "cinder").some((call) => call.includes("manage")))
                yield {
                    urn: resource.urn,
                    sentence: `manages an existing image under Cinder ${String(major)}, which leaves it unmirrored; create the volume and copy, or retype it afterwards`,
                };
    },
};
