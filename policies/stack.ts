import { backendNameOf, isReplicated, type Stanza, stanzasOf } from "./facts/stanzas";
import { CINDER_HOST, RECOVERY, VOLUME_TYPE } from "./facts/texts";
import {
    backendOf,
    REPLICATION,
    type VolumeType,
    volumeTypesOf,
    wantsReplication,
} from "./facts/volumeTypes";
import { mapIn, type Plain, type Seen, textIn, UNKNOWN } from "./seen";

/** Something that a resource of the stack declares, with that resource. */
export type In<T> = T & { resource: Seen };

/** All resources of a stack, and what they declare together. */
export interface Stack {
    resources: Seen[];
    /** Stanzas of the RBD driver with a replication device, one for each place where they stand. */
    replicated: In<Stanza>[];
    stanzas: In<Stanza>[];
    volumeTypes: In<VolumeType>[];
    hosts: Seen[];
    recoveries: Seen[];
}

const within = <T extends object>(resources: Seen[], find: (seen: Seen) => T[]): In<T>[] =>
    resources.flatMap((resource) => find(resource).map((one) => ({ ...one, resource })));

export function stackOf(resources: Seen[]): Stack {
    const stanzas = within(resources, stanzasOf);
    return {
        resources,
        stanzas,
        replicated: stanzas.filter(isReplicated),
        // The component's own child declares the same type once more.
        volumeTypes: within(resources, volumeTypesOf).filter(({ via }) => via !== "component"),
        hosts: resources.filter(({ type }) => type === CINDER_HOST),
        recoveries: resources.filter(({ type }) => type === RECOVERY),
    };
}

/** The types that replicate, or would if they were spelled rightly. */
export const replicatedTypes = ({ volumeTypes }: Stack): In<VolumeType>[] =>
    volumeTypes.filter(wantsReplication);

/** The types that certainly do not replicate. */
export const otherTypes = ({ volumeTypes }: Stack): In<VolumeType>[] =>
    volumeTypes.filter(
        (type) => type.whole && !wantsReplication(type) && type.specs[REPLICATION] !== UNKNOWN,
    );

/** Which cloud a resource goes to, as far as its provider tells; a command has no such provider. */
const cloudOf = ({ resource }: In<VolumeType>): string | undefined =>
    resource.type === VOLUME_TYPE && resource.provider !== undefined
        ? `${resource.provider.urn} ${textIn(resource.inputs.region) ?? ""}`
        : undefined;

/** The names that replicated backends of a type's cloud have, or are asked for by. */
export function replicatedNames(stack: Stack, type: In<VolumeType>): (string | undefined)[] {
    const cloud = cloudOf(type);
    const types = replicatedTypes(stack).map((t) => ({ cloud: cloudOf(t), name: backendOf(t) }));
    const names = (keep: (of: string | undefined) => boolean) =>
        types.filter((t) => keep(t.cloud)).map(({ name }) => name);
    const own = names((of) => cloud === undefined || of === cloud);
    const far = names((of) => cloud !== undefined && of !== undefined && of !== cloud);
    // A stanza or a command says not whose it is: a name that only types of another cloud ask for is that cloud's.
    const anybodys = [...stack.replicated.map(backendNameOf), ...names((of) => of === undefined)];
    return [...own, ...anybodys.filter((name) => own.includes(name) || !far.includes(name))];
}

/** The major number of Cinder's release: what a setting says, else what the stack's topology says. */
export function releaseOf({ recoveries }: Stack, setting: Plain): number | undefined {
    if (typeof setting === "number" && setting > 0) return setting;
    const given = recoveries.map(({ inputs }) => inputs.release).find((r) => typeof r === "number");
    return given;
}

/** What a topology says of one of its two sites: its name, or a map with name and fsid. */
export function siteOf(
    { inputs }: Seen,
    role: "primary" | "secondary",
): { name?: string; fsid?: string } {
    const site = mapIn(inputs.sites)[role];
    const name = textIn(site) ?? textIn(mapIn(site).name);
    const fsid = textIn(mapIn(site).fsid);
    return { ...(name === undefined ? {} : { name }), ...(fsid === undefined ? {} : { fsid }) };
}
