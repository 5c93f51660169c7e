import { z } from "zod";

import { ProblemsError, shown, type Problem } from "../problem";
import { backendInput, resolveBackend, type Backend } from "./backend";
import { checkReferences } from "./check";
import { computesInput, resolveComputes, type Compute } from "./compute";
import { address, sshDefaults } from "./connection";
import { hostInput, resolveHost, type Host } from "./host";
import { lateValues } from "./lateValues";
import { mirroringInput, resolveMirroring, type Mirroring } from "./mirroring";
import { release } from "./release";
import { section } from "./section";
import { resolveSite, siteInput, type Site } from "./site";
import { closed, line, named, seconds, someNamed } from "./text";
import { resolveVolumeType, volumeTypeInput, type VolumeType } from "./volumeType";

/** A number of hosts; `demand` completes the sentence «must be …». */
const count = (min: number, demand: string) => {
    const error = (issue: { input?: unknown }) => `must be ${demand}, got ${shown(issue.input)}`;
    return z.int({ error }).min(min, { error }).max(1000, { error });
};

const BATCH = "a number of hosts from 1 to 1000, or all";

const rolloutInput = closed("how hosts are restarted one after another", {
    canary: count(0, "a number of hosts from 0 to 1000")
        .optional()
        .describe("Hosts pushed alone first; when one fails no other is touched. Defaults to 1."),
    batch: z
        .union([count(1, BATCH), z.literal("all")], {
            error: (issue) => `must be ${BATCH}, got ${shown(issue.input)}`,
        })
        .optional()
        .describe("Hosts pushed at once after the canary. Defaults to 1."),
    pauseSeconds: seconds(3600)
        .optional()
        .describe(
            "How long to wait after a host whose service was restarted, before the next ones. Defaults to no wait.",
        ),
});

const timeoutsInput = closed("time limits", {
    healthSeconds: seconds(3600)
        .optional()
        .describe("How long a restarted cinder-volume may take to be up. Defaults to 90."),
    applySeconds: seconds(7200)
        .optional()
        .describe("How long one host's push may take in all. Defaults to 300."),
    targetSeconds: seconds(600)
        .optional()
        .describe("How long reaching a replication target may take. Defaults to 20."),
});

/** Key of the topology in a stack's config. */
export const CONFIG_KEY = "cinder-dr:topology";

/** What the user types under {@link CONFIG_KEY}. */
export const topologyInput = closed("a topology", {
    release: release
        .optional()
        .describe("OpenStack release of Cinder: name or major number, e.g. zed or 21."),
    ssh: sshDefaults.optional().describe("SSH defaults of all hosts."),
    sites: closed("the two sites primary and secondary", {
        primary: siteInput,
        secondary: siteInput,
    }).describe("The two Ceph clusters, by designed role."),
    backends: someNamed("a map of backends", section, backendInput).describe(
        "Backends by cinder.conf section.",
    ),
    hosts: someNamed("a map of hosts", address, hostInput).describe("Cinder hosts by name."),
    volumeTypes: named(
        "a map of volume types",
        line("a volume type's name").min(1, { error: () => "must not be empty" }),
        volumeTypeInput,
    ).describe("Replicated volume types by name; may be empty while only the hosts are prepared."),
    mirroring: mirroringInput.optional(),
    computes: computesInput.optional(),
    rollout: rolloutInput.optional().describe("Order in which hosts are pushed."),
    timeouts: timeoutsInput.optional().describe("Time limits of a push."),
});

export type TopologyInput = z.input<typeof topologyInput>;

/** Two sites, their backends, hosts and volume types: everything else is derived from this. */
export interface Topology {
    release?: number;
    sites: { primary: Site; secondary: Site };
    backends: Backend[];
    hosts: Host[];
    volumeTypes: VolumeType[];
    /** The Ceph side as desired state; undefined: Ceph is only used. */
    mirroring?: Mirroring;
    /** Compute hosts that are given the libvirt secrets; none: somebody else defines them. */
    computes: Compute[];
    rollout: { canary: number; batch: number | "all"; pauseSeconds: number };
    timeouts: { healthSeconds: number; applySeconds: number; targetSeconds: number };
}

const asPath = (path: readonly PropertyKey[]): string =>
    path.map((key) => (key === "" ? "''" : String(key))).join(".");

/** Zod's issues as problems at the user's paths; an unknown key is named at its own path. */
const problemsOf = (error: z.ZodError): Problem[] =>
    error.issues.flatMap((issue) => {
        if (issue.code === "unrecognized_keys")
            return issue.keys.map((key) => ({
                propertyPath: asPath([...issue.path, key]),
                reason: `is unknown here; ${issue.message}`,
            }));
        if (issue.code === "invalid_key")
            return issue.issues.map((inner) => ({
                propertyPath: asPath(issue.path),
                reason: inner.message,
            }));
        return [{ propertyPath: asPath(issue.path), reason: issue.message }];
    });

/** Every problem of what the user typed: of single values and of values that must fit each other. */
export function checkTopology(given: unknown): Problem[] {
    const late = lateValues(given);
    if (late.length > 0) return late;
    const parsed = topologyInput.safeParse(given);
    const shape = parsed.success ? [] : problemsOf(parsed.error);
    const known = new Set(shape.map((p) => p.propertyPath));
    return shape.concat(checkReferences(given).filter((p) => !known.has(p.propertyPath)));
}

/**
 * The topology with all defaults filled in.
 * @throws ProblemsError with every problem at the path the user typed
 */
export function parseTopology(given: unknown): Topology {
    const problems = checkTopology(given);
    if (problems.length > 0) throw new ProblemsError("topology", problems);
    return resolveTopology(topologyInput.parse(given));
}

/** Fills in the defaults of what was found right. */
export function resolveTopology(input: z.output<typeof topologyInput>): Topology {
    const ssh = input.ssh ?? {};
    const backends = Object.entries(input.backends).map(([name, b]) => resolveBackend(name, b));
    const sections = backends.map((b) => b.section);
    const backendName = new Map(backends.map((b) => [b.section, b.volumeBackendName]));
    return {
        ...(input.release === undefined ? {} : { release: input.release }),
        sites: {
            primary: resolveSite(input.sites.primary, ssh),
            secondary: resolveSite(input.sites.secondary, ssh),
        },
        backends,
        hosts: Object.entries(input.hosts).map(([name, h]) => resolveHost(name, h, ssh, sections)),
        volumeTypes: Object.entries(input.volumeTypes).map(([name, t]) =>
            resolveVolumeType(name, t, backendName.get(t.backend) ?? t.backend),
        ),
        ...(input.mirroring === undefined ? {} : { mirroring: resolveMirroring(input.mirroring) }),
        computes: resolveComputes(input.computes, ssh),
        rollout: {
            canary: input.rollout?.canary ?? 1,
            batch: input.rollout?.batch ?? 1,
            pauseSeconds: input.rollout?.pauseSeconds ?? 0,
        },
        timeouts: {
            healthSeconds: input.timeouts?.healthSeconds ?? 90,
            applySeconds: input.timeouts?.applySeconds ?? 300,
            targetSeconds: input.timeouts?.targetSeconds ?? 20,
        },
    };
}

/**
 * JSON Schema (draft 2020-12) of a file that holds a topology, for editors: a stack's `Pulumi.<stack>.yaml` with it
 * under its config key, or the topology alone.
 */
export function topologyJsonSchema(): object {
    const { $schema, ...topology } = z.toJSONSchema(topologyInput, {
        io: "input",
        unrepresentable: "any",
    });
    const config = { type: "object", properties: { [CONFIG_KEY]: { $ref: "#/$defs/topology" } } };
    return {
        $schema,
        $id: "urn:cinder-dr:topology",
        title: "cinder-dr topology",
        if: { type: "object", required: ["config"] },
        then: { properties: { config } },
        else: { $ref: "#/$defs/topology" },
        $defs: { topology },
    };
}

export type { Backend, Compute, Host, Site, VolumeType };
