import { cephPart, type CephSide } from "./cephSide";
import { consentsIn, factsOf, listIn, mapIn, text, type Facts, type Inputs } from "./facts";
import type { ResourceState, Step } from "./steps";

/** One Cinder host as the stack declares it. */
export interface DeclaredHost {
    facts: Facts;
    /** Rendered text by cinder.conf section. */
    stanzas: Record<string, string>;
}

/** What a stack's file says and no resource shows; empty where only resources are seen. */
export interface Beside {
    /** How sites are reached, and what of hosts no component shows; by role or host, and field. */
    access: Facts;
    /** Services that no operation looks at or moves, by backend. */
    otherHosts: Facts;
    /** Reason and last day by rule and resource. */
    exemptions: Facts;
    /** The rest of the stack's file by key, with secrets hidden. */
    config: Facts;
    /** What tells apart, within one run, two values of the rest that are shown alike. Never shown. */
    digests: Facts;
}

export const nothingBeside = (): Beside => ({
    access: {},
    otherHosts: {},
    exemptions: {},
    config: {},
    digests: {},
});

/** What a stack declares, on one side of a change. */
export interface Declared {
    /** Site names by designed role. */
    sites: Facts;
    /** Release, rollout and time limits of a push. */
    settings: Facts;
    /** Hosts in the order in which they are pushed; empty where the program does not say. */
    waves: string[][];
    /** Options by cinder.conf section, as they stand in the file. */
    backends: Map<string, Facts>;
    hosts: Map<string, DeclaredHost>;
    /** Facts by name of the volume type. */
    types: Map<string, Facts>;
    /** Facts of the Ceph side by part; empty where the stack only uses Ceph. */
    ceph: CephSide;
    beside: Beside;
}

export const nothingDeclared = (): Declared => ({
    sites: {},
    settings: {},
    waves: [],
    backends: new Map(),
    hosts: new Map(),
    types: new Map(),
    ceph: new Map(),
    beside: nothingBeside(),
});

const COMPONENT = "cinder-dr:index:";
export const VOLUME_TYPE = "openstack:blockstorage/volumeTypeV3:VolumeTypeV3";

/** Options of one rendered section. */
export const optionsIn = (stanza: string): Facts =>
    Object.fromEntries(
        stanza.split("\n").flatMap((line) => {
            const [, key, value] = /^([^#;\s=[][^=]*?)\s*=\s*(.*)$/.exec(line) ?? [];
            return key === undefined || value === undefined ? [] : [[key, value]];
        }),
    );

/** The parts of a `replication_device`. */
export const deviceIn = (options: Facts | undefined): Facts =>
    Object.fromEntries(
        (options?.replication_device ?? "").split(",").flatMap((pair) => {
            const colon = pair.indexOf(":");
            return colon < 0 ? [] : [[pair.slice(0, colon), pair.slice(colon + 1)]];
        }),
    );

/** Where Ceph's clients find their keys: no option of cinder.conf, and part of the backend all the same. */
export const keyringsOf = (own: unknown, target: unknown): Facts =>
    factsOf({ keyring: own, "replication_device keyring": target });

const addBackend = (declared: Declared, section: string, inputs: Inputs): void => {
    const { stanza, keyring, replicationDevice } = inputs;
    declared.backends.set(section, {
        ...optionsIn(typeof stanza === "string" ? stanza : ""),
        ...keyringsOf(keyring, mapIn(replicationDevice).keyring),
    });
};

function addHost(declared: Declared, name: string, inputs: Inputs): void {
    const { stanzas, consent, host, ...rest } = inputs;
    const sections = Object.entries(mapIn(stanzas)).map(
        ([section, stanza]) => [section, text(stanza) ?? ""] as const,
    );
    declared.hosts.set(text(host) ?? name, {
        facts: {
            ...factsOf(rest),
            ...factsOf({
                backends: sections
                    .map(([section]) => section)
                    .sort()
                    .join(", "),
            }),
            ...consentsIn(consent),
        },
        stanzas: Object.fromEntries(sections),
    });
}

function addType(declared: Declared, name: string, state: ResourceState): void {
    const { extraSpecs, name: given, ...rest } = state.inputs;
    const { description, isPublic, region } = rest;
    const type = text(given) ?? name;
    declared.types.set(type, {
        ...declared.types.get(type),
        ...factsOf({ description, isPublic, region }),
        ...factsOf(mapIn(extraSpecs)),
        protect: String(state.protect),
        ...(state.retainOnDelete ? { retainOnDelete: "true" } : {}),
    });
}

/** Projects stand in the component alone; its volume type is another resource of the same stack. */
function addProjects(declared: Declared, name: string, inputs: Inputs): void {
    const type = text(inputs.name) ?? name;
    declared.types.set(type, {
        ...declared.types.get(type),
        ...factsOf({ projects: listIn(inputs.projects).join(", ") || undefined }),
    });
}

function addRecovery(declared: Declared, inputs: Inputs): void {
    declared.sites = factsOf(mapIn(inputs.sites));
    declared.settings = factsOf({
        release: inputs.release,
        ...mapIn(inputs.rollout),
        ...mapIn(inputs.timeouts),
    });
    declared.waves = listIn(inputs.waves).map((wave) => listIn(wave).map(String));
}

function addCephPart(declared: Declared, type: string, inputs: Inputs): void {
    const part = cephPart(type.slice(COMPONENT.length), inputs);
    if (part !== undefined) declared.ceph.set(...part);
}

function add(declared: Declared, { type, name }: Step, state: ResourceState): void {
    switch (type) {
        case `${COMPONENT}CinderDisasterRecovery`:
            addRecovery(declared, state.inputs);
            break;
        case `${COMPONENT}CinderBackend`:
            addBackend(declared, text(state.inputs.section) ?? name, state.inputs);
            break;
        case `${COMPONENT}CinderHost`:
            addHost(declared, name, state.inputs);
            break;
        case `${COMPONENT}ReplicatedVolumeType`:
            addProjects(declared, name, state.inputs);
            break;
        case VOLUME_TYPE:
            addType(declared, name, state);
            break;
        default:
            if (type.startsWith(COMPONENT)) addCephPart(declared, type, state.inputs);
    }
}

/** A host of a program of its own carries sections that no backend of the stack declares. */
function addSectionsOfHosts(declared: Declared): void {
    for (const { stanzas } of declared.hosts.values())
        for (const [section, stanza] of Object.entries(stanzas))
            if (!declared.backends.has(section)) addBackend(declared, section, { stanza });
}

/** What the stack declares before or after the steps of a preview. */
export function declaredIn(steps: readonly Step[], side: "before" | "after"): Declared {
    const declared = nothingDeclared();
    const seen = new Set<string>();
    for (const step of steps) {
        // A replacement has several steps: each names the same old state, and the last of them the new one.
        const state = step[side];
        if (state === undefined || (side === "before" && seen.has(step.urn))) continue;
        seen.add(step.urn);
        add(declared, step, state);
    }
    addSectionsOfHosts(declared);
    return declared;
}
