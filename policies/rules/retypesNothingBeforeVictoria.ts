import { callsOf, hasVerbs } from "../facts/shellWords";
import type { StackRule } from "../rule";
import type { Seen } from "../seen";
import { releaseOf } from "../stack";

const USSURI = 16;

const retypes = (seen: Seen): boolean =>
    callsOf(seen, "cinder").some((call) => call.includes("retype")) ||
    callsOf(seen, "openstack").some(
        (call) => hasVerbs(call, "volume", "set") && call.includes("--type"),
    );

export const retypesNothingBeforeVictoria: StackRule = {
    name: "retypes-nothing-before-victoria",
    demand: "Before Victoria no command retypes a volume of a replicated backend",
    why: "Until then a retype on the same backend does not enable mirroring, and one between replicated types switches it off",
    source: "cinder/volume/manager.py retype; bug 1828386",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [10],
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
        if (major === undefined || major > USSURI || stack.replicated.length === 0) return;
        for (const resource of stack.resources)
            if (retypes(resource))
                yield {
                    urn: resource.urn,
                    sentence: `retypes a volume under Cinder ${String(major)}, which breaks its replication; create a volume of the new type and copy`,
                };
    },
};
