import * as pulumi from "@pulumi/pulumi";

import { daemonRequest, siteRequest, type StuckDaemon } from "../core/cephRequest";
import type { DriftEntry, DriftRecord } from "../core/drift/record";
import type { Topology } from "../core/topology";
import type { RbdMirrorHost } from "../core/topology/rbdMirror";
import type { Role } from "../core/topology/site";
import { CephCommand, siteCommand } from "./cephStep";

export interface RbdMirrorDaemonsArgs {
    topology: Topology;
    role: Role;
    /** Whose marks these are in the cluster. */
    owner: string;
    /** The site's fsid: a daemon's conf must be this cluster's. */
    fsid: pulumi.Input<string>;
    /** cephx keys by user. */
    keys: pulumi.Output<Record<string, string>>;
    /** Digests of the peers: another one when a peer was replaced. */
    peers: pulumi.Input<string[]>;
    /** What `cinder-dr drift --record` saw, by part of the topology. Defaults to nothing. */
    drifted?: DriftRecord["drifted"];
}

const shownHost = ({ name, connection, ...daemon }: RbdMirrorHost) => ({
    host: name,
    address: connection.address,
    ...daemon,
});

/** A site's rbd-mirror daemons; done when Ceph calls them healthy for every pool. */
export class RbdMirrorDaemons extends pulumi.ComponentResource {
    /** Name of the site, known when its daemons are healthy. */
    readonly site: pulumi.Output<string>;

    constructor(name: string, args: RbdMirrorDaemonsArgs, opts?: pulumi.ComponentResourceOptions) {
        const site = args.topology.sites[args.role];
        const { orchestrator, hosts, healthSeconds } = site.rbdMirror;
        super(
            "cinder-dr:index:RbdMirrorDaemons",
            name,
            {
                site: site.name,
                hosts: hosts.map(shownHost),
                healthSeconds,
                ...(orchestrator === undefined ? {} : { orchestrator }),
            },
            opts,
        );
        const request = siteRequest(args.topology, args.role, args.owner);
        const drift = args.drifted?.[`sites.${args.role}.rbdMirror`];
        // A daemon whose peer was replaced may hold on to the old one, which only its cluster can say.
        const peered = pulumi.output(args.peers).apply((peers) => ({ ...request, peers }));
        const stuck = () =>
            siteCommand<{ stuck: StuckDaemon[] }>(`${site.name}-daemons`, "daemons", site, peered, {
                parent: this,
                drift,
            }).result.stuck;
        const seen = hosts.length === 0 ? pulumi.output([]) : stuck();
        const daemons: CephCommand<object>[] = hosts.map((host) =>
            this.daemon(host, args, seen, drift),
        );
        if (orchestrator !== undefined)
            daemons.push(
                siteCommand(
                    `${site.name}-orchestrator`,
                    "orchestrator",
                    site,
                    peered.apply((known) => ({ ...known, ...orchestrator })),
                    { parent: this, drift },
                ),
            );
        const health = siteCommand(`${site.name}-health`, "health", site, peered, {
            parent: this,
            drift,
            dependsOn: daemons,
        });
        this.site = health.id.apply(() => site.name);
        this.registerOutputs({ site: this.site });
    }

    private daemon(
        host: RbdMirrorHost,
        { fsid, keys }: RbdMirrorDaemonsArgs,
        seen: pulumi.Output<StuckDaemon[]>,
        drift: DriftEntry | undefined,
    ) {
        const request = pulumi.all([fsid, keys, seen]).apply(([id, known, stuck]) => {
            const plain = daemonRequest(host, id, stuck);
            return { ...plain, daemon: { ...plain.daemon, key: known[host.cephUser] } };
        });
        const { connection, python, name } = host;
        const sudo = connection.user !== "root";
        const seat = { connection, python, sudo, where: `host ${name}` };
        return new CephCommand(`${name}-rbd-mirror`, "daemon", seat, request, {
            parent: this,
            drift,
        });
    }
}
