import type { TopologyInput } from "../../core/topology";

/** A well-formed ed25519 host key of no machine. */
export const HOST_KEY =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** A right topology with nothing in it that has a default. */
export const goodTopology = (): TopologyInput => ({
    sites: {
        primary: { name: "paris", adminHost: { address: "192.0.2.1", hostKey: HOST_KEY } },
        secondary: { name: "lyon", adminHost: { address: "192.0.2.2", hostKey: HOST_KEY } },
    },
    backends: {
        ceph: {
            pool: "volumes",
            user: "cinder",
            secretUuid: uuid(1),
            replicationDevice: { backendId: "secondary", secretUuid: uuid(2) },
        },
    },
    hosts: { "cinder-a": { hostKey: HOST_KEY } },
    volumeTypes: { replicated: { backend: "ceph" } },
});

type Tree = Record<string, unknown>;

/**
 * A right topology with one value changed.
 * @param path keys, joined by `/`; parts that are missing are made
 * @param value undefined takes the key out
 */
export function withValue(
    path: string,
    value: unknown,
    base: unknown = goodTopology(),
): TopologyInput {
    if (path === "") return value as TopologyInput;
    const root = structuredClone(base) as Tree;
    const keys = path.split("/");
    const last = keys.pop() ?? "";
    const parent = keys.reduce<Tree>((at, key) => (at[key] ??= {}) as Tree, root);
    if (value === undefined) Reflect.deleteProperty(parent, last);
    else parent[last] = value;
    return root as unknown as TopologyInput;
}
