import * as pulumi from "@pulumi/pulumi";

/** One resource as the engine is asked to register it. */
export interface Declared {
    type: string;
    name: string;
    /** `type name` of its parent. */
    parent: string;
    /** What is sent, secrets opened. */
    inputs: Record<string, unknown>;
    /** What is sent, as text in which every secret is cut out: what previews and a plain state show. */
    plain: string;
    protect: boolean;
    retainOnDelete: boolean;
    deleteBeforeReplace: boolean;
    replaceOnChanges: string[];
    ignoreChanges: string[];
    additionalSecretOutputs: string[];
    /** `type name` of what it waits for. */
    dependsOn: string[];
}

/** The engine's request, as far as it is looked at here. */
interface Request {
    getType(): string;
    getName(): string;
    getParent(): string;
    getObject(): { toJavaScript(): unknown };
    getProtect(): boolean;
    getRetainondelete(): boolean;
    getDeletebeforereplace(): boolean;
    getReplaceonchangesList(): string[];
    getIgnorechangesList(): string[];
    getAdditionalsecretoutputsList(): string[];
    getDependenciesList(): string[];
}

interface Monitor {
    registerResource(request: Request, callback: unknown): Promise<void>;
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Calls `secret` for each secret inside a value on the wire and puts its answer there. */
function onSecrets(value: unknown, secret: (inner: unknown) => unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => onSecrets(item, secret));
    if (typeof value !== "object" || value === null) return value;
    const object = value as Record<string, unknown>;
    if (object[SIGNATURE] === SECRET) return secret(object.value);
    return Object.fromEntries(
        Object.entries(object).map(([key, inner]) => [key, onSecrets(inner, secret)]),
    );
}

const open = (value: unknown): unknown => onSecrets(value, open);
/** `urn:pulumi:stack::project::parentType$type::name` to `type name` */
const label = (urn: string): string =>
    urn.replace(/^.*::([^:$]+:[^$]*\$)*([^$]*)::([^:]*)$/, "$2 $3");

const KNOWN = [
    "openstack:blockstorage/volumeTypeV3:VolumeTypeV3",
    "openstack:blockstorage/volumeTypeAccessV3:VolumeTypeAccessV3",
    "command:remote:Command",
];

/** A cephx key that is nobody's, different for each command. */
export const keyFrom = (name: string): string => `AQ${Buffer.from(name).toString("base64url")}==`;

/** What a step of the Ceph side answers. */
const outputOf = (type: string, name: string): Record<string, unknown> => {
    if (type !== "command:remote:Command") return {};
    const keys = Object.fromEntries(
        ["cinder", "rbd-mirror.a", "watch"].map((user) => [user, keyFrom(`${name} ${user}`)]),
    );
    const answer = {
        fsid: `fsid of ${name}`,
        monHost: `mons of ${name}`,
        keys,
        token: `token-${name}`,
        peers: `peers of ${name}`,
        stuck: [],
    };
    return { stdout: `CINDER_DR_RESULT ${JSON.stringify(answer)}\n` };
};

const declared: Declared[] = [];

function record(request: Request): void {
    const sent = request.getObject().toJavaScript();
    declared.push({
        type: request.getType(),
        name: request.getName(),
        parent: label(request.getParent()),
        inputs: open(sent) as Record<string, unknown>,
        plain: JSON.stringify(onSecrets(sent, () => "[secret]")),
        protect: request.getProtect(),
        retainOnDelete: request.getRetainondelete(),
        deleteBeforeReplace: request.getDeletebeforereplace(),
        replaceOnChanges: request.getReplaceonchangesList(),
        ignoreChanges: request.getIgnorechangesList(),
        additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
        dependsOn: request.getDependenciesList().map(label),
    });
}

/**
 * Runs a program against Pulumi's mock monitor and returns what it declared, in order. A custom resource that this
 * project does not use makes it fail, and so does every call.
 * @param state outputs of what the stack's state holds, by URN
 * @param preview whether ids are unknown, as in a first preview
 * @param unreadable how often the state is being written when it is asked for
 */
export async function declaredBy(
    program: () => unknown,
    { preview = false, state = {}, unreadable = 0 } = {},
): Promise<Declared[]> {
    declared.length = 0;
    const faults: unknown[] = [];
    let reads = 0;
    await pulumi.runtime.setMocks(
        {
            newResource: ({ type, name, inputs, custom }) => {
                if (custom === true && !KNOWN.includes(type)) {
                    faults.push(new Error(`no mock for ${type} '${name}'`));
                    throw new Error(`no mock for ${type} '${name}'`);
                }
                return {
                    id: preview ? undefined : `id-of-${name}`,
                    state: {
                        ...(inputs as Record<string, unknown>),
                        ...(preview ? {} : outputOf(type, name)),
                    },
                };
            },
            call: ({ token }) => {
                if (token === "pulumi:pulumi:readStackResourceOutputs") {
                    if (++reads <= unreadable) throw new Error("failed to load checkpoint: EOF");
                    return { outputs: state };
                }
                throw new Error(`no mock for ${token}`);
            },
        },
        "cinder-dr",
        "test",
        preview,
        "organization",
    );
    const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, callback) => {
        record(request);
        return register(request, callback);
    };
    program();
    await pulumi.runtime.disconnect();
    if (faults.length > 0) throw faults[0];
    return [...declared];
}

/** The value of an output; undefined while it is unknown. */
export const valueOf = <T>(output: pulumi.Output<T>): Promise<T> =>
    (output as unknown as { promise(withUnknowns?: boolean): Promise<T> }).promise();

/** Whether an output's value is known; in a first preview an id is not. */
export const isKnown = (output: pulumi.Output<unknown>): Promise<boolean> =>
    (output as unknown as { isKnown: Promise<boolean> }).isKnown;
