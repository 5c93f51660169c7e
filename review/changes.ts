import { deviceIn, type Beside, type Declared, type DeclaredHost } from "./declared";
import type { Facts } from "./facts";
import { HIDDEN } from "./mask";

/** One value of a backend, host or type on both sides; what is not there is undefined. */
export interface ValueChange {
    key: string;
    before?: string;
    after?: string;
}

export type Kind = "added" | "removed" | "changed";

/** One backend, host or volume type that is not the same on both sides. */
export interface Change {
    name: string;
    kind: Kind;
    values: ValueChange[];
}

/** Everything that differs between two declarations of a stack. */
export interface Changes {
    before: Declared;
    after: Declared;
    settings: ValueChange[];
    sites: ValueChange[];
    backends: Change[];
    hosts: Change[];
    types: Change[];
    /** Parts of the Ceph side. */
    ceph: Change[];
    /** What the stack's file says beside them; nothing without a base. */
    beside: Record<Exclude<keyof Beside, "digests">, ValueChange[]>;
}

/** The values that differ, in the order of the keys before and then after. */
export function compareFacts(before: Facts = {}, after: Facts = {}): ValueChange[] {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys]
        .filter((key) => before[key] !== after[key])
        .map((key) => ({
            key,
            ...(before[key] === undefined ? {} : { before: before[key] }),
            ...(after[key] === undefined ? {} : { after: after[key] }),
        }));
}

function compareMaps<T>(
    before: Map<string, T>,
    after: Map<string, T>,
    facts: (entry: T) => Facts,
): Change[] {
    const names = [...new Set([...before.keys(), ...after.keys()])];
    return names.flatMap((name): Change[] => {
        const [old, now] = [before.get(name), after.get(name)];
        const values = compareFacts(old && facts(old), now && facts(now));
        const kind = old === undefined ? "added" : now === undefined ? "removed" : "changed";
        return values.length === 0 && kind === "changed" ? [] : [{ name, kind, values }];
    });
}

/** A backend's options with its replication device taken apart: a reader sees which part of it changes. */
const backendFacts = (options: Facts): Facts => {
    const { replication_device: device, ...rest } = options;
    if (device === undefined) return rest;
    const parts = Object.entries(deviceIn(options)).map(
        ([key, value]) => [`replication_device ${key}`, value] as const,
    );
    return { ...rest, ...Object.fromEntries(parts) };
};

/** A section that only a host's resource shows has no word on keyrings: that is no difference. */
const isSeen = ({ key, before, after }: ValueChange): boolean =>
    !/\bkeyring$/.test(key) || (before !== undefined && after !== undefined);

const compareBackends = (before: Declared, after: Declared): Change[] =>
    compareMaps(before.backends, after.backends, backendFacts)
        .map((change) =>
            change.kind === "changed"
                ? { ...change, values: change.values.filter(isSeen) }
                : change,
        )
        .filter(({ kind, values }) => kind !== "changed" || values.length > 0);

/** How a secret that changes is shown. */
export const ANOTHER = `${HIDDEN}, another one`;

/** The rest of the stack's file; a secret that changes without being seen is named. */
const compareConfig = (before: Beside, after: Beside): ValueChange[] => [
    ...compareFacts(before.config, after.config),
    ...compareFacts(before.digests, after.digests)
        .filter(({ key }) => before.config[key] === after.config[key])
        .map(({ key }) => ({ key, before: HIDDEN, after: ANOTHER })),
];

export const compare = (before: Declared, after: Declared): Changes => ({
    before,
    after,
    settings: compareFacts(before.settings, after.settings),
    sites: compareFacts(before.sites, after.sites),
    backends: compareBackends(before, after),
    hosts: compareMaps(before.hosts, after.hosts, (host) => host.facts),
    types: compareMaps(before.types, after.types, (facts) => facts),
    ceph: compareMaps(before.ceph, after.ceph, (facts) => facts),
    beside: {
        access: compareFacts(before.beside.access, after.beside.access),
        otherHosts: compareFacts(before.beside.otherHosts, after.beside.otherHosts),
        // One that goes makes the policies stricter: they say themselves what that means.
        exemptions: compareFacts(before.beside.exemptions, after.beside.exemptions).filter(
            (value) => value.after !== undefined,
        ),
        config: compareConfig(before.beside, after.beside),
    },
});

/** What makes two hosts one file of one machine. */
const fileOf = ({ facts }: DeclaredHost): string =>
    JSON.stringify([facts.address, facts.port, facts.configFile]);

/**
 * The name under which the file of a host that is gone is pushed now, if there is one. The removal of the old name comes
 * after that push, and leaves to it what it finds. A host that is named as unreachable is not pushed.
 */
export function newNameOf(name: string, { before, after }: Changes): string | undefined {
    const old = before.hosts.get(name);
    if (old === undefined || after.hosts.has(name)) return undefined;
    const isSame = (host: DeclaredHost) =>
        host.facts.unreachable === undefined && fileOf(host) === fileOf(old);
    return [...after.hosts].find(([, host]) => isSame(host))?.[0];
}

/** The value of a key before and after, of a change that names it. */
export const valueOf = (change: Change, key: string): ValueChange | undefined =>
    change.values.find((value) => value.key === key);

export const isNothing = (changes: Changes): boolean =>
    [
        ...[changes.settings, changes.sites, changes.backends],
        ...[changes.hosts, changes.types, changes.ceph],
        ...Object.values(changes.beside),
    ].every((list) => list.length === 0);
