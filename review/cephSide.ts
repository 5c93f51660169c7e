import { cephUsers, poolsOf } from "../core/cephUsers";
import { libvirtSecrets } from "../core/libvirtSecrets";
import type { Topology } from "../core/topology";
import { ROLES } from "../core/topology/site";
import { consentsIn, factsOf, listIn, mapIn, text, type Facts, type Inputs } from "./facts";

/** What the stack declares of the Ceph side, by part: `pool volumes`, `peers of pool volumes`, `users of site lyon`. */
export type CephSide = Map<string, Facts>;

const textOf = (value: unknown): string => text(value) ?? "";

/** `client.cinder osd`: `profile rbd pool=volumes` */
const capsFacts = (value: unknown): Facts =>
    Object.fromEntries(
        Object.entries(mapIn(value)).flatMap(([user, caps]) =>
            Object.entries(factsOf(mapIn(caps))).flatMap(([daemon, cap]) =>
                cap === "" ? [] : [[`client.${user} ${daemon}`, cap]],
            ),
        ),
    );

/** What a daemon is called among its site's facts, before its host's name. */
const DAEMON = "daemon on ";

/** Whether the stack runs any rbd-mirror daemon, by the facts of a site's. */
export const runsDaemons = (facts: Facts = {}): boolean =>
    facts.orchestrator !== undefined || Object.keys(facts).some((key) => key.startsWith(DAEMON));

const daemonFacts = ({ hosts, orchestrator, healthSeconds }: Inputs): Inputs => ({
    ...Object.fromEntries(
        listIn(hosts).flatMap((host) => {
            const { host: name, address, cephUser, unit, ...files } = mapIn(host);
            const said = [`client.${textOf(cephUser)}`, textOf(address), `unit ${textOf(unit)}`];
            const { keyring, serviceUser, conf, python } = files;
            const read = [keyring, conf, python, `as ${textOf(serviceUser)}`].map(textOf);
            return [
                [`${DAEMON}${textOf(name)}`, said.join(", ")],
                [`files of the daemon on ${textOf(name)}`, read.join(", ")],
            ];
        }),
    ),
    orchestrator,
    healthSeconds,
});

/** `secret 00000000-…`: `client.cinder of site lyon` */
const secretFacts = (secrets: unknown): Inputs =>
    Object.fromEntries(
        listIn(secrets).map((secret) => {
            const { uuid, site, user } = mapIn(secret);
            return [`secret ${textOf(uuid)}`, `client.${textOf(user)} of site ${textOf(site)}`];
        }),
    );

/** What the part of a compute host is called, before its name. */
export const SECRETS = "libvirt secrets of compute ";

/** Compute hosts by name. */
export const computesIn = ({ ceph }: { ceph: CephSide }): string[] =>
    [...ceph.keys()].flatMap((part) =>
        part.startsWith(SECRETS) ? [part.slice(SECRETS.length)] : [],
    );

/** Hosts of rbd-mirror daemons by name. */
export const daemonsIn = ({ ceph }: { ceph: CephSide }): string[] =>
    [...ceph.values()].flatMap((facts) =>
        Object.keys(facts).flatMap((key) =>
            key.startsWith(DAEMON) ? [key.slice(DAEMON.length)] : [],
        ),
    );

/** Each component of the Ceph side: what its part is called, and what a reviewer reads of it. */
const PARTS: Record<string, (inputs: Inputs) => [part: string, Facts]> = {
    CephMirroring: ({ clientFiles }) => [
        "clients' files on Cinder hosts",
        factsOf(mapIn(clientFiles)),
    ],
    CephSite: ({ site, clusterName, conf, cephUser, commandPrefix }) => [
        `cluster of site ${textOf(site)}`,
        factsOf({ clusterName, conf, cephUser, commandPrefix }),
    ],
    MirroredPool: ({ pool, mode, createPools, consent }) => [
        `pool ${textOf(pool)}`,
        // An empty map means «with the cluster's defaults».
        factsOf({
            mode,
            createPools: createPools && `pgNum ${text(mapIn(createPools).pgNum) ?? "default"}`,
            ...consentsIn(consent),
        }),
    ],
    MirrorPeering: ({ pool, direction }) => [
        `peers of pool ${textOf(pool)}`,
        factsOf({ direction }),
    ],
    CephUsers: ({ site, caps }) => [`users of site ${textOf(site)}`, capsFacts(caps)],
    RbdMirrorDaemons: (inputs) => [
        `rbd-mirror of site ${textOf(inputs.site)}`,
        factsOf(daemonFacts(inputs)),
    ],
    ComputeSecrets: ({ compute, address, uri, commandPrefix, secrets }) => [
        `${SECRETS}${textOf(compute)}`,
        factsOf({ ...secretFacts(secrets), address, uri, commandPrefix }),
    ],
};

/** The part of the Ceph side that a component is; undefined for one that says nothing. @param component e.g. MirroredPool */
export function cephPart(component: string, inputs: Inputs): [string, Facts] | undefined {
    const part = PARTS[component]?.(inputs);
    return part === undefined || Object.keys(part[1]).length === 0 ? undefined : part;
}

/** What the components of the Ceph side would show for a topology. */
export function cephSideOf(topology: Topology): CephSide {
    const { mirroring, sites } = topology;
    if (mirroring === undefined) return new Map();
    const { createPools, consent } = mirroring;
    const shown: [string, Inputs][] = [
        ["CephMirroring", { clientFiles: mirroring.clientFiles }],
        ...poolsOf(topology).flatMap((pool): [string, Inputs][] => [
            ["MirroredPool", { pool, mode: "image", createPools, consent }],
            ["MirrorPeering", { pool, direction: "rx-tx" }],
        ]),
        ...ROLES.flatMap((role): [string, Inputs][] => {
            const { name: site, rbdMirror, ...rest } = sites[role];
            const caps = cephUsers(topology, role).map((user) => [user.name, user.caps]);
            const hosts = rbdMirror.hosts.map(({ name, connection, ...daemon }) => ({
                host: name,
                address: connection.address,
                ...daemon,
            }));
            return [
                ["CephSite", { ...rest, site }],
                ["CephUsers", { site, caps: Object.fromEntries(caps) as Inputs }],
                ["RbdMirrorDaemons", { ...rbdMirror, site, hosts }],
            ];
        }),
        ...topology.computes.map(({ name: compute, connection, ...rest }): [string, Inputs] => [
            "ComputeSecrets",
            { ...rest, compute, address: connection.address, secrets: libvirtSecrets(topology) },
        ]),
    ];
    return new Map(
        shown.flatMap(([component, inputs]) => {
            const part = cephPart(component, inputs);
            return part === undefined ? [] : [part];
        }),
    );
}
