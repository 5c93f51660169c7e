import { renderStanza } from "../core/cinderConf";
import { planWaves } from "../core/rollout";
import type { Backend, Host, Topology } from "../core/topology";
import { cephSideOf } from "./cephSide";
import { keyringsOf, nothingBeside, optionsIn, type Declared, type DeclaredHost } from "./declared";
import { factsOf, type Facts } from "./facts";

const hostOf = (host: Host, topology: Topology): DeclaredHost => {
    const { address, port, user, hostKey, nextHostKey, proxy } = host.connection;
    const { configFile, python, serviceUser, service, site, cluster, skipChecks } = host;
    const consents = Object.entries(host.consent).map(([refusal, why]) => [
        `consent ${refusal}`,
        why,
    ]);
    const served = topology.backends.filter((b) => host.backends.includes(b.section));
    const reached = { address, port, user, hostKey, nextHostKey, proxy: proxy?.address };
    return {
        facts: factsOf({
            ...reached,
            ...{ configFile, python, serviceUser, service, site, cluster, skipChecks },
            unreachable: host.unreachable,
            backends: served
                .map((b) => b.section)
                .sort()
                .join(", "),
            ...(Object.fromEntries(consents) as Record<string, string>),
        }),
        stanzas: Object.fromEntries(served.map((b) => [b.section, renderStanza(b)])),
    };
};

const backendOf = (backend: Backend): Facts => ({
    ...optionsIn(renderStanza(backend)),
    ...keyringsOf(backend.keyring, backend.replicationDevice.keyring),
});

/** What the project's own program declares for a topology; the components say the same to the engine. */
export function declaredBy(topology: Topology): Declared {
    const { sites, release, rollout, timeouts, hosts } = topology;
    const reachable = hosts.filter((host) => host.unreachable === undefined);
    const waves = planWaves(reachable, rollout.canary, rollout.batch);
    return {
        sites: { primary: sites.primary.name, secondary: sites.secondary.name },
        settings: factsOf({ release, ...rollout, ...timeouts }),
        waves: waves.map((wave) => wave.map((host) => host.name)),
        backends: new Map(topology.backends.map((b) => [b.section, backendOf(b)])),
        hosts: new Map(hosts.map((host) => [host.name, hostOf(host, topology)])),
        ceph: cephSideOf(topology),
        beside: nothingBeside(),
        types: new Map(
            topology.volumeTypes.map((type) => [
                type.name,
                {
                    ...factsOf({ description: type.description, isPublic: type.isPublic }),
                    ...type.extraSpecs,
                    protect: String(type.protect),
                    ...(type.retainOnDelete ? { retainOnDelete: "true" } : {}),
                    ...factsOf({ projects: type.projects.join(", ") || undefined }),
                },
            ]),
        ),
    };
}
