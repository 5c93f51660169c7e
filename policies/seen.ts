import { type PolicyResourceOptions, Secret, UnknownValueError } from "@pulumi/policy";

/** Stands for a value that is known only when `up` has made another resource. */
export const UNKNOWN = Symbol("unknown until up");

export type Plain =
    | string
    | number
    | boolean
    | null
    | undefined
    | typeof UNKNOWN
    | Plain[]
    | { [key: string]: Plain };
export type Inputs = Record<string, Plain>;

/** A resource as the rules see it: plain inputs, with a mark for each value that is not known yet. */
export interface Seen {
    type: string;
    name: string;
    urn: string;
    /** Type of the component that the resource is a child of. */
    parentType?: string;
    /** URN of the CinderDisasterRecovery that the resource is a part of; known to rules of the stack alone. */
    recovery?: string;
    inputs: Inputs;
    /** Paths of the inputs that are not known yet. */
    unknown: string[];
    /** Paths of the inputs that are Pulumi secrets; undefined where that was not to be seen. */
    secret: string[] | undefined;
    opts: Pick<PolicyResourceOptions, "protect" | "ignoreChanges" | "additionalSecretOutputs">;
    provider?: { urn: string; name: string; inputs: Inputs };
    /** What one rule found out and the next one need not find out again. */
    memo: Map<unknown, unknown>;
}

/** The parts of Pulumi's arguments, of a resource or of a stack's resource, that {@link see} reads. */
export interface SeenArgs {
    type: string;
    name: string;
    urn: string;
    props: Record<string, unknown>;
    opts: PolicyResourceOptions;
    provider?: { urn: string; name: string; props: Record<string, unknown> };
}

/** @pulumi/policy's key for what stands behind its proxies. Reading through them unwraps secrets and breaks promises. */
const TARGET = "__getSpecialProxyTarget";

const behind = (value: object): object => {
    const target = (value as Record<string, unknown>)[TARGET];
    return typeof target === "object" && target !== null ? behind(target) : value;
};

interface Notes {
    unknown: string[];
    secret: string[];
    /** Done once each value that is a promise is in its place. */
    late: Promise<void>[];
}

const noNotes = (): Notes => ({ unknown: [], secret: [], late: [] });

/** What the analysis of a state has in place of a secret. */
const REDACTED = "[secret]";

const FIELD = { enumerable: true, writable: true, configurable: true };

/** @param keep puts what is known only later in its place */
function plainOf(value: unknown, path: string, notes: Notes, keep: (late: Plain) => void): Plain {
    if (value === REDACTED) return unknownAt(path, notes);
    if (typeof value !== "object" || value === null) return value as Plain;
    const raw = behind(value);
    // A repair is handed its secrets wrapped, everything else is handed them open.
    if (raw instanceof Secret) {
        notes.secret.push(path);
        return plainOf(raw.value, path, notes, keep);
    }
    // The text of a StringAsset is a promise.
    if (raw instanceof Promise) {
        const text = raw as Promise<Plain>;
        notes.late.push(
            text.catch((error: unknown): Plain => unknownFor(error, path, notes)).then(keep),
        );
        return undefined;
    }
    const plain: Plain[] | Inputs = Array.isArray(raw) ? [] : {};
    for (const key of Object.keys(raw)) {
        const at = path === "" ? key : `${path}.${key}`;
        // An assignment would take a key `__proto__` for the object's own prototype.
        const put = (inner: Plain) => {
            Object.defineProperty(plain, key, { value: inner, ...FIELD });
        };
        try {
            const read = (value as Record<string, unknown>)[key];
            const held = (raw as Record<string, unknown>)[key];
            put(plainOf(held instanceof Secret ? held : read, at, notes, put));
        } catch (error) {
            put(unknownFor(error, at, notes));
        }
    }
    return plain;
}

function unknownAt(path: string, notes: Notes): typeof UNKNOWN {
    notes.unknown.push(path);
    return UNKNOWN;
}

/** @throws the error, where it is not the SDK's word for a value that is not known yet */
function unknownFor(error: unknown, path: string, notes: Notes): typeof UNKNOWN {
    if (!(error instanceof UnknownValueError)) throw error;
    return unknownAt(path, notes);
}

async function plainInputs(props: Record<string, unknown>, notes: Notes): Promise<Inputs> {
    const inputs = plainOf(props, "", notes, () => undefined) as Inputs;
    await Promise.all(notes.late);
    return inputs;
}

/** The chain of types in a URN ends with the resource's own; the one before is its parent's. */
const parentTypeOf = (urn: string): string | undefined =>
    urn.split("::")[2]?.split("$").slice(-2, -1)[0];

export async function see(args: SeenArgs): Promise<Seen> {
    const notes = noNotes();
    const inputs = await plainInputs(args.props, notes);
    const { provider } = args;
    const parentType = parentTypeOf(args.urn);
    return {
        type: args.type,
        name: args.name,
        urn: args.urn,
        inputs,
        unknown: notes.unknown,
        secret: undefined,
        opts: args.opts,
        ...(parentType === undefined ? {} : { parentType }),
        ...(provider === undefined
            ? {}
            : {
                  provider: {
                      urn: provider.urn,
                      name: provider.name,
                      inputs: await plainInputs(provider.props, noNotes()),
                  },
              }),
        memo: new Map(),
    };
}

/** As {@link see}, of inputs whose secrets are still wrapped: only a repair is handed such. */
export async function seeSecrets(args: SeenArgs): Promise<Seen & { secret: string[] }> {
    const notes = noNotes();
    await plainInputs(args.props, notes);
    return { ...(await see(args)), secret: notes.secret };
}

/** What `find` says of a resource, found out once. */
export function once<T>(seen: { memo: Map<unknown, unknown> }, find: (seen: never) => T): T {
    if (!seen.memo.has(find)) seen.memo.set(find, find(seen as never));
    return seen.memo.get(find) as T;
}

/** A known text, or undefined for anything else. */
export const textIn = (value: Plain): string | undefined =>
    typeof value === "string" ? value : undefined;

/** A known map, or an empty one for anything else. */
export const mapIn = (value: Plain): Inputs =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};

/** A known list, or an empty one for anything else. */
export const listIn = (value: Plain): Plain[] => (Array.isArray(value) ? value : []);
