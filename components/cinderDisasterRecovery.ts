import * as pulumi from "@pulumi/pulumi";

import type { DriftRecord } from "../core/drift/record";
import { libvirtSecrets, type LibvirtSecret } from "../core/libvirtSecrets";
import { planWaves } from "../core/rollout";
import { seatsOf } from "../core/seats";
import { parseTopology, type Host, type Topology, type TopologyInput } from "../core/topology";
import { CephMirroring } from "./cephMirroring";
import { CinderBackend } from "./cinderBackend";
import { CinderHost } from "./cinderHost";
import { checkIdentities } from "./connection";
import { recordedDrift, tellDrift } from "./drifted";
import { refuse } from "./refuse";
import { overseeRemovals } from "./removals";
import { ReplicatedVolumeType } from "./replicatedVolumeType";

export interface CinderDisasterRecoveryArgs {
    /** Sites, backends, hosts and volume types; the value of the config key `cinder-dr:topology`. */
    topology: TopologyInput;
    /** What `cinder-dr drift --record` saw; what drifted is an update. Defaults to the stack's file of it. */
    drift?: DriftRecord;
}

/** Cinder's replication between two Ceph clusters: the backends on their hosts and the volume types. */
export class CinderDisasterRecovery extends pulumi.ComponentResource {
    /** Ids of the replicated volume types, by name. */
    readonly volumeTypeIds: pulumi.Output<Record<string, string>>;
    /** Hosts whose cinder-volume runs with the configuration. */
    readonly hosts: pulumi.Output<string[]>;
    /** libvirt secrets that the compute hosts need, without their keys. */
    readonly libvirtSecrets: pulumi.Output<LibvirtSecret[]>;
    /** Hosts that the topology names as unreachable, with the reason: nothing was applied to them. */
    readonly notApplied: pulumi.Output<Record<string, string>>;

    constructor(
        name: string,
        args: CinderDisasterRecoveryArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const topology = refuse(() => parseTopology(args.topology));
        refuse(() => {
            checkIdentities(seatsOf(topology));
        });
        const { drifted } = args.drift ?? recordedDrift();
        const { sites, release, rollout, timeouts } = topology;
        const reachable = topology.hosts.filter((host) => host.unreachable === undefined);
        const waves = planWaves(reachable, rollout.canary, rollout.batch);
        const siteNames = { primary: sites.primary.name, secondary: sites.secondary.name };
        super(
            "cinder-dr:index:CinderDisasterRecovery",
            name,
            {
                sites: siteNames,
                rollout,
                // What the engine is told by dependencies alone, a reviewer reads here.
                waves: waves.map((wave) => wave.map((host) => host.name)),
                timeouts,
                ...(release === undefined ? {} : { release }),
            },
            opts,
        );

        for (const backend of topology.backends)
            new CinderBackend(backend.section, backend, { parent: this });
        const ceph =
            topology.mirroring === undefined
                ? undefined
                : new CephMirroring(name, { topology, drifted }, { parent: this });
        const hosts = this.declareHosts(topology, waves, drifted, ceph);
        const types = this.declareVolumeTypes(topology, hosts);
        ceph?.guard([...hosts.values(), ...types.map(([, type]) => type)]);
        for (const [type, component] of types) tellDrift(drifted[`volumeTypes.${type}`], component);
        this.tellRest(topology, drifted);
        overseeRemovals(this, topology);

        this.libvirtSecrets = pulumi.output(libvirtSecrets(topology));
        this.hosts = pulumi.all([...hosts.values()].map((host) => host.host));
        this.notApplied = pulumi.output(this.leaveUnreachable(topology));
        this.volumeTypeIds = pulumi
            .all(
                types.map(([type, { volumeTypeId }]) =>
                    volumeTypeId.apply((id) => [type, id] as const),
                ),
            )
            .apply((entries) => Object.fromEntries(entries));
        this.registerOutputs({
            hosts: this.hosts,
            notApplied: this.notApplied,
            volumeTypeIds: this.volumeTypeIds,
        });
    }

    /** Drift that belongs to no resource of its own. */
    private tellRest({ backends, mirroring }: Topology, drifted: DriftRecord["drifted"]): void {
        for (const [part, entry] of Object.entries(drifted)) {
            const [kind, role, ...step] = part.split(".");
            const apart =
                (kind === "sites" && (step.length === 0 || mirroring === undefined)) ||
                (kind === "backends" && backends.some(({ section }) => section === role));
            if (apart) tellDrift(entry, this);
        }
    }

    /** Wave after wave: a host waits for every host of the wave before it. */
    private declareHosts(
        { backends, timeouts, rollout }: Topology,
        waves: readonly Host[][],
        drifted: DriftRecord["drifted"],
        ceph: CephMirroring | undefined,
    ): Map<string, CinderHost> {
        const declared = new Map<string, CinderHost>();
        const { pauseSeconds } = rollout;
        let before: pulumi.Resource[] = ceph?.ready ?? [];
        for (const wave of waves) {
            const dependsOn = before;
            before = wave.map((host) => {
                const opts = { parent: this, dependsOn };
                const drift = drifted[`hosts.${host.name}`];
                const clientFiles = ceph?.clientFiles(host);
                const own = clientFiles === undefined ? {} : { clientFiles };
                const args = { host, backends, timeouts, drift, pauseSeconds, ...own };
                const component = new CinderHost(host.name, args, opts);
                declared.set(host.name, component);
                return component;
            });
        }
        return declared;
    }

    /** What waits for a host must not wait for one that nobody can reach. */
    private leaveUnreachable({ hosts, backends, timeouts }: Topology): Record<string, string> {
        const left = hosts.flatMap((host) =>
            host.unreachable === undefined ? [] : [[host, host.unreachable] as const],
        );
        for (const [host] of left)
            new CinderHost(host.name, { host, backends, timeouts }, { parent: this });
        return Object.fromEntries(left.map(([host, reason]) => [host.name, reason]));
    }

    /** A type is made when every host of its backend replicates: earlier volumes of it would not be. */
    private declareVolumeTypes(topology: Topology, hosts: Map<string, CinderHost>) {
        return topology.volumeTypes.map(({ backend, ...type }) => {
            const serving = topology.hosts.filter((host) => host.backends.includes(backend));
            const dependsOn = serving.flatMap((host) => hosts.get(host.name) ?? []);
            const opts = { parent: this, dependsOn };
            return [type.name, new ReplicatedVolumeType(type.name, type, opts)] as const;
        });
    }
}
