import { TRAIN } from "../../core/topology/release";
import { plainName } from "../quoted";
import type { StackRule } from "../rule";
import { releaseOf } from "../stack";

export const deviceUserIsTheBackendsBeforeTrain: StackRule = {
    name: "device-user-is-the-backends-before-train",
    demand: "Before Train the replication device has the backend's own user",
    why: "Until then Nova is handed the primary's user and secret after a failover, whatever the device says",
    source: "cinder/volume/drivers/rbd.py initialize_connection; bug 1828974",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [18],
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
        if (major === undefined || major >= TRAIN) return;
        for (const stanza of stack.replicated)
            for (const { pairs } of stanza.devices)
                if (pairs.has("user") && pairs.get("user") !== stanza.value("rbd_user"))
                    yield {
                        urn: stanza.resource.urn,
                        sentence: `[${plainName(stanza.section)}] has another user for the target, which Cinder ${String(major)} ignores after a failover; use one user on both sites`,
                    };
    },
};
