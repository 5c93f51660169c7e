import { parseTopology, type TopologyInput } from "../../core/topology";
import { declaredBy } from "../../review/declaredBy";
import { compare } from "../../review/changes";
import type { Declared } from "../../review/declared";
import { judge, type Review } from "../../review/judge";
import { risksOf } from "../../review/risks";
import type { Risk } from "../../review/risk";
import { planRollout } from "../../review/rollout";
import { emptyPreview, type Preview, type Step } from "../../review/steps";
import { goodTopology, HOST_KEY, uuid } from "../support/topology";

/** Two backends, three hosts on two sites, two types: enough for something to change and something to stay. */
export const twoBackends = (): TopologyInput => ({
    ...goodTopology(),
    backends: {
        ceph: backend("volumes", 1),
        fast: backend("fast", 3),
    },
    hosts: {
        "cinder-a": { hostKey: HOST_KEY, site: "primary" },
        "cinder-b": { hostKey: HOST_KEY, site: "secondary" },
        "cinder-c": { hostKey: HOST_KEY, site: "secondary", backends: ["ceph"] },
    },
    volumeTypes: { replicated: { backend: "ceph" }, "replicated-fast": { backend: "fast" } },
});

export const backend = (pool: string, n: number) => ({
    pool,
    user: "cinder",
    secretUuid: uuid(n),
    replicationDevice: { backendId: "lyon", secretUuid: uuid(n + 1) },
});

export const declared = (topology: TopologyInput): Declared => declaredBy(parseTopology(topology));

/** Every risk of going from one topology to another. */
export function risksBetween(before: TopologyInput, after: TopologyInput): Risk[] {
    const changes = compare(declared(before), declared(after));
    return risksOf({ changes, rollout: planRollout(changes), steps: [] });
}

/** `level name subject` of each risk. */
export const named = (risks: readonly Risk[]): string[] =>
    risks.map(({ level, name, subject }) => `${level} ${name} ${subject}`.trim());

const urnOf = (type: string, name: string): string => `urn:pulumi:s::p::${type}::${name}`;

const stepOf = (type: string, name: string, sides: Pick<Step, "before" | "after">): Step => ({
    op:
        sides.before === undefined
            ? "create"
            : sides.after === undefined
              ? "delete"
              : JSON.stringify(sides.before) === JSON.stringify(sides.after)
                ? "same"
                : "update",
    urn: urnOf(type, name),
    type,
    name,
    parent: "",
    diffs: [],
    ...sides,
});

const stateOf = (inputs: Record<string, unknown>) => ({
    inputs,
    protect: true,
    retainOnDelete: false,
});

/** The steps of a preview that goes from one declaration to another, as the components would make them. */
export function stepsBetween(before: Declared, after: Declared): Step[] {
    const steps: Step[] = [];
    const add = (type: string, name: string, old?: object, now?: object) =>
        steps.push(
            stepOf(type, name, {
                ...(old === undefined ? {} : { before: stateOf({ ...old }) }),
                ...(now === undefined ? {} : { after: stateOf({ ...now }) }),
            }),
        );
    const root = (d: Declared) =>
        d.backends.size === 0
            ? undefined
            : {
                  sites: d.sites,
                  rollout: { canary: d.settings.canary, batch: d.settings.batch },
                  waves: d.waves,
              };
    add("cinder-dr:index:CinderDisasterRecovery", "cinder-dr", root(before), root(after));
    for (const name of new Set([...before.hosts.keys(), ...after.hosts.keys()])) {
        const [old, now] = [before, after].map((d) => {
            const host = d.hosts.get(name);
            return host && { host: name, ...host.facts, stanzas: host.stanzas };
        });
        add("cinder-dr:index:CinderHost", name, old, now);
    }
    for (const name of new Set([...before.types.keys(), ...after.types.keys()])) {
        const [old, now] = [before, after].map((d) => {
            const facts = d.types.get(name);
            return facts && { name, extraSpecs: { ...facts, protect: undefined } };
        });
        add("openstack:blockstorage/volumeTypeV3:VolumeTypeV3", name, old, now);
    }
    return steps.filter(({ before: old, after: now }) => old !== undefined || now !== undefined);
}

/** A preview that ended well. */
export const goodPreview = (steps: Step[]): Preview => ({
    ...emptyPreview("p"),
    steps,
    complete: true,
    packs: ["cinder-dr 0.1.0"],
});

/** The review of a change between two topologies. */
export const reviewOf = (
    before: Declared,
    after: Declared,
    more: Partial<Preview> = {},
    accept: string[] = [],
): Review =>
    judge({
        stack: "p/s",
        preview: { ...goodPreview(stepsBetween(before, after)), ...more },
        packs: 1,
        accept,
    });
