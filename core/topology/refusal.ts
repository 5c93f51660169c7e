import { z } from "zod";

import { shown } from "../problem";
import { line } from "./text";

/** What a push refuses unless the topology consents to it by this name; the same list stands in `host/apply.py`. */
export const REFUSALS = [
    "unreachableTarget",
    "failingOver",
    "activeSideUnreachable",
    "activeDeviceRemoved",
    "failedOver",
    "identityChange",
    "guardBlind",
    "clusterUnnamed",
    "lastMember",
    "otherOwner",
    "foreignClientFile",
] as const;

const reason = line("a reason").min(1, { error: () => "must be a reason" });

/** Refusals overridden on one host: name to reason. */
export const consent = z
    .record(z.string(), reason, {
        error: (issue) => `must be a map of refusals to reasons, got ${shown(issue.input)}`,
    })
    .superRefine((given, ctx) => {
        for (const name of Object.keys(given))
            if (!(REFUSALS as readonly string[]).includes(name))
                ctx.addIssue({
                    code: "custom",
                    message: `is no refusal; must be one of ${REFUSALS.join(", ")}`,
                    path: [name],
                    input: name,
                });
    });
