import { mapIn, once, type Plain, type Seen, textIn, UNKNOWN } from "../seen";
import { confIn, type Section } from "./cinderConf";
import { base64In, jsonIn } from "./encoded";
import { type Device, parseDevice } from "./replicationDevice";
import { CINDER_BACKEND, CINDER_HOST, isOwnPush, leaves } from "./texts";

/** One section of cinder.conf that configures the RBD driver, wherever it was found. */
export interface Stanza {
    section: string;
    /** Values of an option: its own, else those of [backend_defaults] beside it. */
    values(option: string): string[];
    /** The only value, or the last one: a later value replaces an earlier one unless the option takes several. */
    value(option: string): string | undefined;
    devices: Device[];
    /** Keystone's address in the same file: hosts that have another one are of another cloud. */
    cloud: string | undefined;
    /** False where only single options are seen: an option that is missing here may stand in the file. */
    whole: boolean;
}

const SHARED = "backend_defaults";

/** oslo.config takes a pair of quotes off. */
const unquoted = (value: string): string => /^(["'])(.*)\1$/s.exec(value)?.[2] ?? value;

/** Options of Cinder's driver alone: Nova and Glance have rbd_user, rbd_secret_uuid and the like too. */
const OWN = [
    "rbd_pool",
    "rbd_cluster_name",
    "rbd_ceph_conf",
    "rbd_keyring_conf",
    "rbd_max_clone_depth",
];

const isRbd = ({ options }: Section): boolean => {
    const driver = options.get("volume_driver")?.at(-1);
    if (driver !== undefined) return /\.rbd\.|RBDDriver/.test(driver);
    const devices = options.get("replication_device") ?? [];
    return (
        OWN.some((key) => options.has(key)) ||
        devices.some((device) => /(?:^|,)\s*(?:conf|user|secret_uuid|pool)\s*:/.test(device))
    );
};

/** A section that stands twice in one text is one section: oslo.config adds the second to the first. */
function merged(sections: Section[]): Section[] {
    const byName = new Map<string, Section>();
    for (const { name, options, whole } of sections) {
        const known = byName.get(name);
        if (known === undefined) byName.set(name, { name, options: new Map(options), whole });
        else
            for (const [key, values] of options)
                known.options.set(key, [...(known.options.get(key) ?? []), ...values]);
    }
    return [...byName.values()];
}

/** Where a cinder.conf has its Keystone, if it says so. */
function cloudOf(sections: Section[]): string | undefined {
    const own = sections.find(({ name }) => name === "keystone_authtoken");
    const [url] = own?.options.get("auth_url") ?? own?.options.get("www_authenticate_uri") ?? [];
    return url?.toLowerCase().replace(/(?:\/v3)?\/*$/, "");
}

function stanzaOf(
    { name, options, whole }: Section,
    shared: Section | undefined,
    cloud: string | undefined,
): Stanza {
    const values = (key: string) => options.get(key) ?? shared?.options.get(key) ?? [];
    const value = (key: string) => {
        const last = values(key).at(-1);
        return last === undefined ? undefined : unquoted(last);
    };
    return {
        section: name,
        values,
        value,
        whole,
        cloud,
        devices: values("replication_device").map(parseDevice),
    };
}

/** A value of a map as lines of a section: charts give numbers, flags, and lists for options that stand more than once. */
const linesOf = (value: Plain): string[] =>
    Array.isArray(value)
        ? value.flatMap(linesOf)
        : typeof value === "object" || value === undefined || value === UNKNOWN
          ? []
          : [String(value)];

/** A section that is a map among the inputs, as charts and deployment tools take it: its key is its name. */
function* sectionsOfMaps(value: Plain, name: string): Generator<Section> {
    if (typeof value !== "object" || value === null) return;
    const entries = Object.entries(value);
    const options = new Map(
        entries
            .map(([key, inner]) => [key, linesOf(inner)] as const)
            .filter(([, l]) => l.length > 0),
    );
    if (options.has("replication_device") || options.has("volume_driver"))
        yield { name, options: new Map(options), whole: !Object.values(value).includes(UNKNOWN) };
    for (const [key, inner] of entries) yield* sectionsOfMaps(inner, key);
}

/** Maps and texts among the inputs, with those that stand there as JSON or base64. */
function opened(value: Plain): { maps: Plain[]; texts: string[] } {
    const texts = [...leaves(value, "")].map(({ text }) => text);
    const inner = texts.flatMap((text): Plain[] => {
        const json = jsonIn(text);
        return json === undefined ? base64In(text) : [json];
    });
    const deeper = inner.map(opened);
    return {
        maps: [value, ...deeper.flatMap(({ maps }) => maps)],
        texts: [...texts, ...deeper.flatMap((d) => d.texts)],
    };
}

/** The pieces of cinder.conf among the inputs of a resource, each text's sections together. */
export const confsOf = (seen: Seen): Section[][] => once(seen, allConfs);

function allConfs(seen: Seen): Section[][] {
    const { stanza, stanzas } = seen.inputs;
    if (isOwnPush(seen)) return [];
    const { maps, texts } =
        seen.type === CINDER_BACKEND
            ? { maps: [], texts: [textIn(stanza) ?? ""] }
            : seen.type === CINDER_HOST
              ? { maps: [], texts: Object.values(mapIn(stanzas)).map((text) => textIn(text) ?? "") }
              : opened(seen.inputs);
    return [...texts.map(confIn), ...maps.map((map) => [...sectionsOfMaps(map, "")])]
        .map(merged)
        .filter((sections) => sections.length > 0);
}

/** The sections of the RBD driver among the inputs of a resource. */
export const stanzasOf = (seen: Seen): Stanza[] => once(seen, allStanzas);

const allStanzas = (seen: Seen): Stanza[] =>
    confsOf(seen).flatMap((sections) => {
        const shared = sections.find(({ name }) => name === SHARED);
        return sections
            .filter((s) => s.name !== SHARED && s.name !== "DEFAULT" && isRbd(s))
            .map((s) => stanzaOf(s, shared, cloudOf(sections)));
    });

/** The names of backends that are another driver's. */
export const foreignNamesOf = (seen: Seen): string[] =>
    confsOf(seen)
        .flat()
        .filter((section) => section.options.has("volume_driver") && !isRbd(section))
        .flatMap(({ options }) => options.get("volume_backend_name") ?? [])
        .map(unquoted);

/** Whether Cinder would replicate with it: a stanza without a device is a plain backend. */
export const isReplicated = ({ devices }: Stanza): boolean => devices.length > 0;

/** `backend_id` of a device, trimmed; undefined where none is given. */
export const backendIdOf = (device: Device): string | undefined => device.pairs.get("backend_id");

/** The name that volume types ask for; Cinder reports RBD where none is set. */
export const backendNameOf = (stanza: Stanza): string =>
    stanza.value("volume_backend_name") ?? "RBD";
