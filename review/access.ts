import type { Topology } from "../core/topology";
import type { Connection } from "../core/topology/connection";
import { ROLES, type Role, type Site } from "../core/topology/site";
import { leavesOf, type Facts } from "./facts";

/** What of a Cinder host's connection its component shows: a preview tells of it. */
const SHOWN = "address port user hostKey nextHostKey proxy.address".split(" ");
/** Of a compute host's, and of an rbd-mirror daemon's, theirs show no more. */
const SHOWN_ELSEWHERE = ["address"];

/** Keys of a value's leaves, each behind a title and a space: `secondary adminHost.address`. */
const titled = (title: string, values: object): [string, string][] =>
    Object.entries(values).flatMap(([key, value]) => leavesOf(value, `${title} ${key}`));

const unshown = (title: string, connection: Connection, shown = SHOWN_ELSEWHERE) =>
    titled(title, connection).filter(([path]) => !shown.includes(path.slice(title.length + 1)));

/** The name is the sites' own fact, and a daemon's component shows what is no connection. */
const siteFacts = (role: Role, { rbdMirror, ...rest }: Site): [string, string][] => [
    ...titled(role, { ...rest, name: undefined }),
    ...rbdMirror.hosts.flatMap(({ name, connection }) => unshown(`daemon ${name}`, connection)),
];

/** Hosts that a backend leaves out, one text for all; only operations heed them. */
export const otherHostsOf = ({ backends }: Topology): Facts =>
    Object.fromEntries(
        backends
            .filter(({ otherHosts }) => otherHosts.length > 0)
            .map(({ section, otherHosts }) => [section, [...otherHosts].sort().join(", ")]),
    );

/**
 * How `cinder-dr` reaches each site, and what no component shows of how a push reaches its host; by role or host, and
 * field.
 */
export const accessOf = ({ sites, hosts, computes }: Topology): Facts =>
    Object.fromEntries([
        ...ROLES.flatMap((role) => siteFacts(role, sites[role])),
        ...hosts.flatMap(({ name, connection }) => unshown(`host ${name}`, connection, SHOWN)),
        ...computes.flatMap(({ name, connection, python }) => [
            ...unshown(`compute ${name}`, connection),
            ...titled(`compute ${name}`, { python }),
        ]),
    ]);
