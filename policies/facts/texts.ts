import { once, type Plain, type Seen, textIn } from "../seen";

/** One text among the inputs of a resource. */
export interface Text {
    /** Path of the input, e.g. `create` or `environment.OS_PASSWORD`. */
    property: string;
    text: string;
}

export const REMOTE_COMMAND = "command:remote:Command";
export const LOCAL_COMMAND = "command:local:Command";
export const CINDER_HOST = "cinder-dr:index:CinderHost";
export const CINDER_BACKEND = "cinder-dr:index:CinderBackend";
export const RECOVERY = "cinder-dr:index:CinderDisasterRecovery";
export const VOLUME_TYPE = "openstack:blockstorage/volumeTypeV3:VolumeTypeV3";
export const REPLICATED_VOLUME_TYPE = "cinder-dr:index:ReplicatedVolumeType";
export const ROOT_STACK = "pulumi:pulumi:Stack";
/** Both of them write a file on a host and do nothing else. */
export const COPIES = ["command:remote:CopyToRemote", "command:remote:CopyFile"];

export const isCommand = ({ type }: Seen): boolean =>
    type === REMOTE_COMMAND || type === LOCAL_COMMAND;

/** The push of a {@link CINDER_HOST}: what it does stands in the component's inputs, plainly. */
export const isOwnPush = ({ parentType }: Seen): boolean => parentType === CINDER_HOST;

export function* leaves(value: Plain, path: string): Generator<Text> {
    const text = textIn(value);
    if (text !== undefined) yield { property: path, text };
    else if (typeof value === "object" && value !== null)
        for (const [key, inner] of Object.entries(value))
            yield* leaves(inner, path === "" ? key : `${path}.${key}`);
}

/** All texts among the inputs of a resource, whatever its type. */
export const textsOf = (seen: Seen): Text[] => once(seen, allTexts);

const allTexts = (seen: Seen): Text[] => [...leaves(seen.inputs, "")];

const RUNS = ["create", "update", "delete", "stdin"];

/** What a command runs on its host: its command lines, and stdin, which a shell may be reading. */
export const scriptsOf = (seen: Seen): Text[] =>
    isCommand(seen) && !isOwnPush(seen)
        ? textsOf(seen).filter(({ property }) => RUNS.includes(property))
        : [];
