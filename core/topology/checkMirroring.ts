import { shown, type Problem } from "../problem";
import type { Backend } from "./backend";
import type { Mirroring } from "./mirroring";
import { ROLES, type Role, type Site } from "./site";

interface Parts {
    sites: Partial<Record<Role, Site>>;
    backends: Backend[];
    mirroring?: Mirroring;
}

/** The user that `rbd mirror pool peer bootstrap` makes for the other site's daemons; its name is Ceph's own. */
export const PEER_USER = "rbd-mirror-peer";

const clients = (backend: Backend) =>
    [
        { role: "primary", at: `backends.${backend.section}`, names: backend },
        {
            role: "secondary",
            at: `backends.${backend.section}.replicationDevice`,
            names: backend.replicationDevice,
        },
    ] as const;

/** A file on the Cinder hosts that two clusters or users would share. */
function* checkClientFiles(backends: Backend[]): Generator<Problem> {
    const seen = new Map<string, string>();
    for (const { role, at, names } of backends.flatMap(clients))
        for (const [key, whose] of [
            ["conf", role],
            ["keyring", `${role} ${names.user}`],
        ] as const) {
            const file = names[key];
            const other = seen.get(file);
            if (other !== undefined && other !== `${key} ${whose}`)
                yield {
                    propertyPath: `${at}.${key}`,
                    reason: `must not be a file that another site, user or backend uses otherwise, got ${shown(file)}`,
                };
            seen.set(file, `${key} ${whose}`);
        }
}

function* checkUsers({ backends, mirroring, sites }: Required<Parts>): Generator<Problem> {
    const users = new Set(backends.flatMap(clients).map(({ names }) => names.user));
    for (const { at, names } of backends.flatMap(clients))
        if (names.user === "admin" || names.user === PEER_USER)
            yield {
                propertyPath: `${at}.user`,
                reason: `must be a user of Cinder's own: an admin's or a peer's key never lies on a Cinder host, got ${shown(names.user)}`,
            };
    for (const user of Object.keys(mirroring.users))
        if (!users.has(user))
            yield {
                propertyPath: `mirroring.users.${user}`,
                reason: `must be a backend's user (${[...users].join(", ")})`,
            };
    for (const role of ROLES) {
        const site = sites[role];
        if (site === undefined) continue;
        const taken = new Set([...users, "admin", PEER_USER, site.cephUser]);
        const own = [
            [`sites.${role}.watchUser`, site.watchUser] as const,
            ...site.rbdMirror.hosts.map(
                (h) => [`sites.${role}.rbdMirror.hosts.${h.name}.cephUser`, h.cephUser] as const,
            ),
        ];
        for (const [propertyPath, user] of own) {
            if (user === undefined) continue;
            if (taken.has(user))
                yield {
                    propertyPath,
                    reason: `must be a user of its own on this site, got ${shown(user)}`,
                };
            taken.add(user);
        }
    }
}

/** What the Ceph side must agree with: sites, backends and their users. */
export function* checkMirroring(given: unknown, parts: Parts): Generator<Problem> {
    const { mirroring, backends } = parts;
    if (mirroring === undefined) {
        // A wrong part is said to be wrong, not to be missing.
        if ((given as { mirroring?: unknown } | null | undefined)?.mirroring !== undefined) return;
        for (const role of ROLES) {
            const mirror = parts.sites[role]?.rbdMirror;
            if (mirror?.orchestrator !== undefined || (mirror?.hosts.length ?? 0) > 0)
                yield {
                    propertyPath: `sites.${role}.rbdMirror`,
                    reason: "must not be given without `mirroring`, which sets up the Ceph side",
                };
        }
        return;
    }
    yield* checkUsers({ ...parts, mirroring });
    if (mirroring.clientFiles !== undefined) yield* checkClientFiles(backends);
}
