import { withBackends, planBackends } from "../core/adopt/backend";
import type { BackendAdoption, Configured, HostBackends } from "../core/adopt/backend";
import type { Draft } from "../core/adopt/draft";
import { inspectRequest, type HostSeen } from "../core/drift/host";
import { hostRequest } from "../core/hostRequest";
import { wordsOf } from "../core/problem";
import { parseTopology, type Host, type Topology } from "../core/topology";
import { seeHost } from "./driftHost";
import { inParallel } from "./parallel";

const HOSTS_AT_A_TIME = 20;

/** What was seen of one host; `problem` says why its backends are not known. */
interface Look {
    host: string;
    configured: Configured[];
    problem?: string;
}

export interface BackendsSeen {
    backends: BackendAdoption[];
    /** Why a host stands in the way of every backend. */
    hosts: { host: string; problem: string }[];
}

/** Reads what each host's cinder-volume was started with. Changes nothing. */
async function look(host: Host, { timeouts }: Topology): Promise<Look> {
    const { name, unreachable } = host;
    if (unreachable !== undefined) return { host: name, configured: [] };
    try {
        // What the topology says of it already is for `drift`: here it is asked of nothing.
        const request = { ...hostRequest(host, [], timeouts), adopt: true };
        const { configured, problem } = await seeHost(host, request);
        return configured === undefined
            ? { host: name, configured: [], problem: problem ?? "it gave no answer" }
            : { host: name, configured };
    } catch (error) {
        return { host: name, configured: [], problem: wordsOf(error) };
    }
}

/** Why a push with the adopted backends would change this host, by section; "" is the whole host. */
function* changes(seen: HostSeen): Generator<[section: string, why: string]> {
    if (seen.problem !== null) yield ["", `a push would be refused: ${seen.problem}`];
    if (seen.service?.unread === true)
        yield ["", "its cinder-volume has not read its configuration as it is now: restart it"];
    for (const [section, { keys, enabled }] of Object.entries(seen.sections)) {
        const names = [...Object.keys(keys), ...(enabled ? [] : ["enabled_backends"])];
        if (names.length > 0) yield [section, `\`pulumi up\` would change ${names.join(", ")}`];
    }
}

/** Asks a host what the first push with the adopted backends would do, and leaves those that it would change. */
async function prove(
    draft: Draft,
    plan: BackendAdoption[],
    signal: AbortSignal,
): Promise<BackendAdoption[]> {
    const added = withBackends(draft, plan);
    const hosts = Object.entries(draft.hosts).map(([name, host]) => {
        const backends = added.hosts[name];
        return [name, backends === undefined ? host : { ...host, backends }] as const;
    });
    const topology = parseTopology({
        ...draft,
        backends: { ...draft.backends, ...added.backends },
        hosts: Object.fromEntries(hosts),
        volumeTypes: {},
    });
    const reachable = topology.hosts.filter((host) => host.unreachable === undefined);
    const found = await inParallel(reachable, HOSTS_AT_A_TIME, signal, async (host) => {
        const request = inspectRequest(host, topology);
        const backends = request.backends.filter((b) => b.section in added.backends);
        if (backends.length === 0) return [];
        const seen = await seeHost(host, { ...request, backends, skipChecks: host.skipChecks });
        return [...changes(seen)].map(([section, why]) => ({ host: host.name, section, why }));
    });
    return plan.map((adoption): BackendAdoption => {
        if (!("adopt" in adoption)) return adoption;
        const { section, hosts: names, volumeBackendName } = adoption;
        const against = found
            .flat()
            .filter((f) => f.section === section || (f.section === "" && names.includes(f.host)));
        if (against.length === 0) return adoption;
        const leave = against.map(({ host, why }) => `${host}: ${why}`).join("; ");
        return {
            section,
            hosts: names,
            ...(volumeBackendName === undefined ? {} : { volumeBackendName }),
            leave,
            isProblem: true,
        };
    });
}

/**
 * The backends of all hosts, each as it can be written into the topology so that the first push after it changes no
 * host: or why it cannot.
 */
export async function seeBackends(
    draft: Draft,
    topology: Topology,
    signal: AbortSignal,
): Promise<BackendsSeen> {
    const looks = await inParallel(topology.hosts, HOSTS_AT_A_TIME, signal, (host) =>
        look(host, topology),
    );
    const plan = planBackends(draft, looks satisfies HostBackends[]);
    const blind = looks.flatMap(({ host, problem }) =>
        problem === undefined ? [] : [{ host, problem }],
    );
    // Without one host's word nobody knows which backends it serves.
    if (blind.length > 0 || !plan.some((a) => "adopt" in a))
        return { backends: plan, hosts: blind };
    const idle = idleHosts(draft, plan);
    if (idle.length > 0) return { backends: plan, hosts: idle };
    const proven = await prove(draft, plan, signal);
    return { backends: proven, hosts: idleHosts(draft, proven) };
}

/** A host without any backend of the topology: left as it is, a push would put all of them on it. */
function idleHosts(draft: Draft, plan: BackendAdoption[]): BackendsSeen["hosts"] {
    const { hosts } = withBackends(draft, plan);
    return Object.keys(hosts)
        .filter((host) => hosts[host]?.length === 0)
        .map((host) => ({
            host,
            problem: "it has no backend that can be taken over: take it out of hosts",
        }));
}
