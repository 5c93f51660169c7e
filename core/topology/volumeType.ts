import { z } from "zod";

import { shown } from "../problem";
import { closed, flag, line, matching, uuid } from "./text";

/** The only spelling that replicates: rbd.py compares this string exactly, the scheduler is laxer. */
export const REPLICATION_ENABLED = "<is> True";

const specKey = matching(
    /^[A-Za-z0-9_.:-]+$/,
    "an extra spec key of letters, digits, '_', '.', ':' and '-'",
);

/** What an extra spec may not say on a replicated RBD type, and why. */
export function extraSpecFault(key: string, value: string): string | undefined {
    // The scheduler takes this scope off and compares what stays with what the backend reports.
    switch (key.replace(/^capabilities:/, "")) {
        case "replication_enabled":
            return value === REPLICATION_ENABLED
                ? undefined
                : `must be exactly '${REPLICATION_ENABLED}': any other spelling is silently not replicated, got ${shown(value)}`;
        case "volume_backend_name":
            return "must not be set here: it comes from the type's backend";
        case "multiattach":
            return /^<is> false$/i.test(value)
                ? undefined
                : "must not be set: multiattach strips the journaling feature that replication needs";
        case "replication_type":
        case "replication_count":
            return "must not be set: the RBD driver does not report it, so no backend would match";
        default:
            return undefined;
    }
}

const extraSpecs = z
    .record(specKey, line("an extra spec's value"), {
        error: (issue) => `must be a map of extra specs, got ${shown(issue.input)}`,
    })
    .superRefine((specs, ctx) => {
        for (const [key, value] of Object.entries(specs)) {
            const fault = extraSpecFault(key, value);
            if (fault !== undefined)
                ctx.addIssue({ code: "custom", message: fault, path: [key], input: value });
        }
    });

export const volumeTypeInput = closed("a volume type", {
    backend: line("a backend of this topology").describe(
        "Backend (cinder.conf section) it is served by.",
    ),
    description: line("a description").optional().describe("The type's description in Cinder."),
    isPublic: flag
        .optional()
        .describe(
            "Whether every project may use it. Defaults to true, and to false when projects are named. Always written out to Cinder.",
        ),
    projects: z
        .array(matching(/^[A-Za-z0-9-]+$/, "a project id"), {
            error: (issue) => `must be a list of project ids, got ${shown(issue.input)}`,
        })
        .refine((ids) => new Set(ids).size === ids.length, {
            error: (issue) => `must name each project once, got ${shown(issue.input)}`,
        })
        .optional()
        .describe("Ids of the projects that may use a private type. Defaults to none."),
    extraSpecs: extraSpecs
        .optional()
        .describe(
            "Further extra specs. `replication_enabled` and `volume_backend_name` are always set.",
        ),
    importId: uuid("the id of the volume type in Cinder")
        .optional()
        .describe(
            "Id of an existing type that is taken over as it is, as `cinder-dr adopt` writes it. Without it the type is made.",
        ),
    protect: flag
        .optional()
        .describe("Refuse replacement and deletion at preview. Defaults to true."),
    retainOnDelete: flag
        .optional()
        .describe("Leave the type in Cinder when it leaves the topology. Defaults to false."),
})
    .refine((type) => type.isPublic !== true || (type.projects ?? []).length === 0, {
        error: () => "must be empty for a public type: set isPublic to false",
        path: ["projects"],
    })
    .describe("One replicated volume type.");

/** One volume type whose volumes Cinder replicates. */
export interface VolumeType {
    name: string;
    backend: string;
    volumeBackendName: string;
    description?: string;
    isPublic: boolean;
    projects: string[];
    extraSpecs: Record<string, string>;
    importId?: string;
    protect: boolean;
    retainOnDelete: boolean;
}

export function resolveVolumeType(
    name: string,
    given: z.output<typeof volumeTypeInput>,
    volumeBackendName: string,
): VolumeType {
    const projects = given.projects ?? [];
    return {
        name,
        backend: given.backend,
        volumeBackendName,
        ...(given.description === undefined ? {} : { description: given.description }),
        isPublic: given.isPublic ?? projects.length === 0,
        projects,
        extraSpecs: {
            ...given.extraSpecs,
            volume_backend_name: volumeBackendName,
            replication_enabled: REPLICATION_ENABLED,
        },
        ...(given.importId === undefined ? {} : { importId: given.importId }),
        protect: given.protect ?? true,
        retainOnDelete: given.retainOnDelete ?? false,
    };
}
