import { type Inputs, listIn, mapIn, once, type Plain, type Seen, textIn, UNKNOWN } from "../seen";
import { callsOf, hasVerbs, optionsOf, positionalsOf } from "./shellWords";
import { REPLICATED_VOLUME_TYPE, VOLUME_TYPE } from "./texts";

/** A Cinder volume type as a resource or a command line declares it. */
export interface VolumeType {
    name: string;
    specs: Inputs;
    /** Other inputs, of a resource only. */
    isPublic: Plain;
    via: "resource" | "component" | "command";
    /** Encryption specs, of a command line only: no resource has them. */
    isEncrypted: boolean;
    /** False for a command that sets single specs of a type declared elsewhere. */
    whole: boolean;
}

export const REPLICATION = "replication_enabled";

/** Every spelling that somebody who wants replication has used. */
const YES = /^\s*(?:<\s*is\s*>)?\s*(?:true|t|yes|y|on|1)\s*$/i;
const NO = /^\s*(?:<\s*is\s*>)?\s*(?:false|f|no|n|off|0)?\s*$/i;

/** Every name that somebody who meant `replication_enabled` has given it, whatever its scope. */
const MEANT = /(?:^|:)(?:is)?(?:replicat(?:ion|ions|e|ed)(?:is)?enabled?|enabled?replication)$/;

/**
 * A key as it was meant. The scheduler takes the scope `capabilities:` off and passes over every other; the RBD driver
 * reads the bare key only, in lower case.
 */
export const bareKey = (key: string): string => {
    const bare = key
        .replace(/^capabilities:/, "")
        .trim()
        .toLowerCase();
    return MEANT.test(bare.replace(/[^a-z:]/g, "")) ? REPLICATION : bare;
};

/** Whether somebody meant the type to replicate, however that is spelled. */
export const wantsReplication = ({ specs }: VolumeType): boolean =>
    Object.entries(specs).some(
        ([key, value]) =>
            bareKey(key) === REPLICATION &&
            (value === true || (typeof value === "string" && !NO.test(value))),
    );

/** Whether a value says yes in a spelling that leaves no doubt. */
export const meansYes = (value: Plain): boolean => value === true || YES.test(textIn(value) ?? "");

export const saysNo = (value: Plain): boolean => /^<is>\s+false$/i.test(textIn(value) ?? "");

const ofResource = ({ inputs, name }: Seen): VolumeType => ({
    name: textIn(inputs.name) ?? name,
    specs: mapIn(inputs.extraSpecs),
    isPublic: inputs.isPublic,
    via: "resource",
    isEncrypted: false,
    whole: inputs.extraSpecs !== UNKNOWN,
});

/** The component sets both specs by itself; what its inputs set beside them would be refused or win. */
const ofComponent = ({ inputs, name }: Seen): VolumeType => ({
    ...ofResource({ inputs, name } as Seen),
    specs: {
        volume_backend_name: inputs.volumeBackendName,
        replication_enabled: "<is> True",
        ...mapIn(inputs.extraSpecs),
    },
    via: "component",
});

const pairsOf = (words: string[]): Inputs =>
    Object.fromEntries(
        words
            .filter((word) => word.includes("="))
            .map((word) => {
                const [key = "", ...value] = word.split("=");
                return [key, value.join("=")];
            }),
    );

const byCommand = (
    name: string | undefined,
    specs: Inputs,
    isEncrypted: boolean,
    whole: boolean,
): VolumeType[] =>
    name === undefined
        ? []
        : [{ name, specs, isPublic: undefined, via: "command", isEncrypted, whole }];

/** `openstack volume type create|set NAME --property K=V`. */
const byOpenstack = (seen: Seen): VolumeType[] =>
    callsOf(seen, "openstack").flatMap((call) => {
        const create = hasVerbs(call, "volume", "type", "create");
        if (!create && !hasVerbs(call, "volume", "type", "set")) return [];
        const properties = optionsOf(call, "--property");
        const verb = call.indexOf(create ? "create" : "set");
        const [name] = positionalsOf(call.slice(verb + 1), ["--public", "--private"]);
        const encrypted = call.some((word) => word.startsWith("--encryption-"));
        return byCommand(name, pairsOf(properties), encrypted, create);
    });

/** `cinder type-key NAME set K=V …` and `cinder encryption-type-create NAME …`. */
const byCinder = (seen: Seen): VolumeType[] =>
    callsOf(seen, "cinder").flatMap((call) => {
        const key = call.indexOf("type-key");
        if (key >= 0 && call[key + 2] === "set")
            return byCommand(call[key + 1], pairsOf(call.slice(key + 3)), false, false);
        const encryption = call.indexOf("encryption-type-create");
        return encryption < 0
            ? []
            : byCommand(positionalsOf(call.slice(encryption + 1))[0], {}, true, false);
    });

/** Commands of one resource that speak of the same type say it together. */
function merged(types: VolumeType[]): VolumeType[] {
    const byName = new Map<string, VolumeType>();
    for (const type of types) {
        const known = byName.get(type.name);
        byName.set(
            type.name,
            known === undefined
                ? type
                : {
                      ...known,
                      specs: { ...known.specs, ...type.specs },
                      isEncrypted: known.isEncrypted || type.isEncrypted,
                      whole: known.whole || type.whole,
                  },
        );
    }
    return [...byName.values()];
}

/** The volume types that a resource declares. */
export const volumeTypesOf = (seen: Seen): VolumeType[] => once(seen, allVolumeTypes);

function allVolumeTypes(seen: Seen): VolumeType[] {
    if (seen.type === VOLUME_TYPE) return [ofResource(seen)];
    if (seen.type === REPLICATED_VOLUME_TYPE) return [ofComponent(seen)];
    return merged([...byOpenstack(seen), ...byCinder(seen)]);
}

/** The scheduler compares texts with `s==`, which says the same as the text alone. */
const EQUALS = /^\s*s==\s+/;

/** The spec that asks for a backend. The scheduler takes its own scope off, and only the scheduler reads it. */
export const backendSpecOf = ({ specs }: VolumeType): Plain => {
    const given = specs.volume_backend_name ?? specs["capabilities:volume_backend_name"];
    return textIn(given)?.replace(EQUALS, "") ?? given;
};

/** The name of the backend that the type asks for, where it is plain. */
export const backendOf = (type: VolumeType): string | undefined => textIn(backendSpecOf(type));

/** The specs that are known, as text. */
export const plainSpecs = ({ specs }: VolumeType): [string, string][] =>
    Object.entries(specs).flatMap(([key, value]) =>
        value === UNKNOWN || typeof value === "object" || value === undefined
            ? []
            : [[key, String(value)]],
    );

export const projectsOf = (seen: Seen): Plain[] => listIn(seen.inputs.projects);
