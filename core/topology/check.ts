import type { Problem } from "../problem";
import { shown } from "../problem";
import { backendInput, resolveBackend, type Backend } from "./backend";
import { checkSites } from "./checkSites";
import { canonicalAddress, sshDefaults } from "./connection";
import { checkComputes } from "./checkComputes";
import { checkMirroring } from "./checkMirroring";
import { hostInput, resolveHost, type Host } from "./host";
import { mirroringInput, resolveMirroring, type Mirroring } from "./mirroring";
import { release, TRAIN } from "./release";
import { resolveSite, ROLES, siteInput, type Role, type Site } from "./site";
import { volumeTypeInput } from "./volumeType";

/** The parts of a topology that are right by themselves; what is wrong by itself has been said already. */
interface Parts {
    release?: number;
    sites: Partial<Record<Role, Site>>;
    backends: Backend[];
    backendInputs: Map<string, { pool?: string }>;
    /** Names the user typed, right or wrong, so that a reference to a wrong one is not called unknown. */
    sections: string[];
    hosts: Host[];
    /** Whether every host the user typed is right by itself. */
    allHosts: boolean;
    volumeTypes: { name: string; backend: string }[];
    mirroring?: Mirroring;
}

type Entries = [string, unknown][];

const entriesOf = (value: unknown, key: string): Entries => {
    const part: unknown = (value as Record<string, unknown> | null | undefined)?.[key];
    return typeof part === "object" && part !== null ? Object.entries(part) : [];
};

function partsOf(given: unknown): Parts {
    const value = given as Record<string, unknown> | null | undefined;
    const ssh = sshDefaults.safeParse(value?.ssh ?? {}).data ?? {};
    const rel = release.safeParse(value?.release).data;
    const sections = entriesOf(given, "backends").map(([name]) => name);
    const parts: Parts = {
        ...(rel === undefined ? {} : { release: rel }),
        sites: {},
        backends: [],
        backendInputs: new Map(),
        sections,
        hosts: [],
        allHosts: true,
        volumeTypes: [],
    };
    const mirroring = mirroringInput.safeParse(value?.mirroring).data;
    if (mirroring !== undefined) parts.mirroring = resolveMirroring(mirroring);
    for (const [role, site] of entriesOf(given, "sites")) {
        const { data } = siteInput.safeParse(site);
        if (data && ROLES.includes(role as Role))
            parts.sites[role as Role] = resolveSite(data, ssh);
    }
    for (const [name, backend] of entriesOf(given, "backends")) {
        const { data } = backendInput.safeParse(backend);
        if (!data) continue;
        parts.backends.push(resolveBackend(name, data));
        const { pool } = data.replicationDevice;
        parts.backendInputs.set(name, pool === undefined ? {} : { pool });
    }
    for (const [name, host] of entriesOf(given, "hosts")) {
        const { data } = hostInput.safeParse(host);
        if (data) parts.hosts.push(resolveHost(name, data, ssh, sections));
        else parts.allHosts = false;
    }
    for (const [name, type] of entriesOf(given, "volumeTypes")) {
        const { data } = volumeTypeInput.safeParse(type);
        if (data) parts.volumeTypes.push({ name, backend: data.backend });
    }
    return parts;
}

function* checkBackend(backend: Backend, parts: Parts): Generator<Problem> {
    const at = `backends.${backend.section}`;
    const device = backend.replicationDevice;
    const { pool } = parts.backendInputs.get(backend.section) ?? {};
    if (pool !== undefined && pool !== backend.pool)
        yield {
            propertyPath: `${at}.replicationDevice.pool`,
            reason: `must equal the backend's pool '${backend.pool}': the RBD driver uses rbd_pool on both sites and ignores this key, got ${shown(pool)}`,
        };
    if (device.backendId.toLowerCase() === backend.clusterName.toLowerCase())
        yield {
            propertyPath: `${at}.replicationDevice.backendId`,
            reason: `must differ from the primary's cluster name: it is the target's cluster name on the Cinder hosts, got ${shown(device.backendId)}`,
        };
    if (device.conf === backend.conf)
        yield {
            propertyPath: `${at}.replicationDevice.conf`,
            reason: `must differ from the primary's conf: both would be one cluster, got ${shown(device.conf)}`,
        };
    yield* checkIdentity(backend, parts.release);
    for (const [i, name] of backend.otherHosts.entries())
        if (parts.hosts.some((h) => h.name === name && h.backends.includes(backend.section)))
            yield {
                propertyPath: `${at}.otherHosts.${String(i)}`,
                reason: `must not be one of hosts that serves this backend, got ${shown(name)}`,
            };
    const served = parts.hosts.some((host) => host.backends.includes(backend.section));
    if (!served && parts.allHosts && parts.hosts.length > 0)
        yield { propertyPath: at, reason: "must be served by at least one host" };
}

/** Which user and libvirt secret Nova gets for the target after a failover. */
function* checkIdentity(backend: Backend, release: number | undefined): Generator<Problem> {
    const at = `backends.${backend.section}.replicationDevice`;
    const { user, secretUuid } = backend.replicationDevice;
    if (release !== undefined && release < TRAIN) {
        const why = "before Train (15), which hands the primary's to Nova after a failover";
        if (user !== backend.user)
            yield {
                propertyPath: `${at}.user`,
                reason: `must equal the backend's user ${why}, got ${shown(user)}`,
            };
        if (secretUuid !== backend.secretUuid)
            yield {
                propertyPath: `${at}.secretUuid`,
                reason: `must equal the backend's secretUuid ${why}, got ${shown(secretUuid)}`,
            };
    } else if (secretUuid === backend.secretUuid)
        yield {
            propertyPath: `${at}.secretUuid`,
            reason: "must differ from the primary's secretUuid: two clusters have two keys",
        };
}

function* checkTwins(backends: Backend[]): Generator<Problem> {
    const seen = new Map<string, string>();
    for (const { section, replicationDevice } of backends) {
        const lower = replicationDevice.backendId.toLowerCase();
        const other = seen.get(lower);
        if (other !== undefined && other !== replicationDevice.backendId)
            yield {
                propertyPath: `backends.${section}.replicationDevice.backendId`,
                reason: `must not differ from '${other}' by case only, got ${shown(replicationDevice.backendId)}`,
            };
        seen.set(lower, other ?? replicationDevice.backendId);
    }
}

function* checkHosts(hosts: Host[], sections: string[]): Generator<Problem> {
    const seats = new Map<string, string>();
    for (const host of hosts) {
        for (const [i, name] of host.backends.entries())
            if (!sections.includes(name))
                yield {
                    propertyPath: `hosts.${host.name}.backends.${String(i)}`,
                    reason: `must be one of ${sections.join(", ")}, got ${shown(name)}`,
                };
        const { address, port } = host.connection;
        const seat = `${canonicalAddress(address)} ${String(port)} ${host.configFile}`;
        const other = seats.get(seat);
        if (other !== undefined)
            yield {
                propertyPath: `hosts.${host.name}.address`,
                reason: `must not be the same host and configFile as '${other}', got ${shown(address)}`,
            };
        seats.set(seat, host.name);
    }
}

/** What must fit together between the parts of a topology. Tolerates parts that are wrong by themselves. */
export function checkReferences(given: unknown): Problem[] {
    const parts = partsOf(given);
    return [
        ...checkSites(parts.sites),
        ...parts.backends.flatMap((backend) => [...checkBackend(backend, parts)]),
        ...checkTwins(parts.backends),
        ...checkHosts(parts.hosts, parts.sections),
        ...checkMirroring(given, parts),
        ...checkComputes(given, parts.backends),
        ...parts.volumeTypes
            .filter((type) => !parts.sections.includes(type.backend))
            .map((type) => ({
                propertyPath: `volumeTypes.${type.name}.backend`,
                reason: `must be one of ${parts.sections.join(", ")}, got ${shown(type.backend)}`,
            })),
    ];
}
