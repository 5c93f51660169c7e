import { setTimeout as pause } from "node:timers/promises";

import * as pulumi from "@pulumi/pulumi";

type Outputs = Readonly<Record<string, unknown>>;

/** Every resource of the stack's last checkpoint, by URN. */
export type StackState = Readonly<Record<string, { outputs: Outputs }>>;

/** Of a checkpoint that the engine is writing at that moment; a large one on a busy disk takes a second. */
const TRIES = 100;
const PAUSE_MILLISECONDS = 20;

/** Name of the stack; undefined under Pulumi's mocks, which need name no organization, and where there is no state. */
function stackName(): string | undefined {
    try {
        return [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
    } catch {
        return undefined;
    }
}

/**
 * What the engine's own provider knows of the stack: it reads the last checkpoint; a preview may ask too. Asked anew
 * each time: the runtime waits for a call under way, and for nobody who waits for its answer later.
 */
export async function stackState(): Promise<{ outputs: StackState }> {
    const name = stackName();
    if (name === undefined) return { outputs: {} };
    for (let tries = 1; ; tries++)
        try {
            const { outputs = {} } = (await pulumi.runtime.invoke(
                "pulumi:pulumi:readStackResourceOutputs",
                { stackName: name },
            )) as { outputs?: StackState };
            return { outputs };
        } catch (error) {
            // During `up` a file backend replaces the checkpoint under its reader: «failed to load checkpoint: EOF».
            if (tries >= TRIES) throw error;
            await pause(PAUSE_MILLISECONDS);
        }
}

/** Whether the stack's state holds a resource. */
export const inState = (urn: pulumi.Output<string>): pulumi.Output<boolean> =>
    pulumi.all([urn, stackState()]).apply(([wanted, { outputs }]) => wanted in outputs);

const TYPE = "openstack:blockstorage/volumeTypeV3:VolumeTypeV3";
const ACCESS = "openstack:blockstorage/volumeTypeAccessV3:VolumeTypeAccessV3";

/** A volume type of the state, with the names of its accesses. */
export interface KnownType {
    /** Type with its parents', and name, as its URN has them: `urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME`. */
    within: string;
    name: string;
    isPublic: boolean;
    extraSpecs: Readonly<Record<string, string>>;
    accesses: string[];
}

const partsOf = (urn: string): { type: string; name: string } => {
    const [, , type = "", name = ""] = urn.split("::");
    return { type, name };
};

/** All volume types below our components. */
export const typesIn = (state: StackState): KnownType[] => {
    const all = Object.entries(state).map(([urn, { outputs }]) => ({ ...partsOf(urn), outputs }));
    return all
        .filter(({ type }) => type.endsWith(`$${TYPE}`))
        .map(({ type, name, outputs }) => {
            const { id, isPublic, extraSpecs } = outputs as Outputs &
                Omit<KnownType, "accesses"> & { id: string };
            const within = type.slice(0, -TYPE.length - 1);
            const accesses = all
                .filter((other) => other.type === `${within}$${ACCESS}`)
                .filter((other) => other.outputs.volumeTypeId === (id as unknown))
                .map((other) => other.name);
            return { within, name, isPublic, extraSpecs, accesses };
        });
};

/** Names of the state's resources of a type, with its parents'. */
export const namesOf = (state: StackState, wanted: string): string[] =>
    Object.keys(state)
        .map(partsOf)
        .filter(({ type }) => type === wanted)
        .map(({ name }) => name);

/** Type of a URN with its parents'. */
export const typeOf = (urn: string): string => partsOf(urn).type;

/**
 * Judges the state below an owner, whose type with its parents' comes first. A URN names no parent, so a stack with two
 * such owners is not judged.
 */
export function judgeBelow(
    owner: pulumi.Resource,
    judge: (ownerType: string, state: StackState) => void,
): void {
    pulumi.all([owner.urn, stackState()]).apply(([urn, { outputs: state }]) => {
        const ownerType = typeOf(urn);
        if (namesOf(state, ownerType).length <= 1) judge(ownerType, state);
    });
}
