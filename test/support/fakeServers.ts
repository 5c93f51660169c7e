import assert from "node:assert/strict";

import type { ComputeHost } from "../../core/evacuation";
import { expectedConnection, type ConnectionInfo } from "../../core/servers";
import { parseTopology } from "../../core/topology";
import type { Role } from "../../core/topology/site";
import type { Cinder } from "../../operations/cinder";
import type { Nova } from "../../operations/nova";
import { CLOUD } from "./backendKey";
import { goodTopology } from "./topology";

export const topology = parseTopology(goodTopology());
const [first] = topology.backends;
assert.ok(first);
export const backend = first;

export interface FakeServer {
    status: string;
    taskState?: string | undefined;
    host?: string;
    hostStatus?: string;
    /** Of a server that boots from its volume: `/dev/vdb`. */
    rootDevice?: string;
    /** Whether Nova answers 404. */
    isGone: boolean;
}

export interface FakeVolume {
    server: string;
    status: string;
    replication_status: string | null;
    /** `host@section#pool`. Defaults to the backend's. */
    host?: string;
    /** What the server's connection says; undefined while it is detached. */
    connection: ConnectionInfo | undefined;
}

const host = "cinder-a@ceph";

/** A Cinder and a Nova whose servers have one data volume each: `s1` is web-1 with `v1`, and so on. */
export class FakeServers {
    active: Role = "primary";
    /** What tells its Cinder from that of another cloud. */
    cloud = CLOUD;
    /** Actions that Nova does not carry out. */
    broken: string[] = [];
    /** Whether Nova shows servers of all projects. */
    isAdmin = true;
    /** What Nova shows of its compute hosts. */
    computes: ComputeHost[] = [];
    /** Orders that Nova got, e.g. `s1 os-stop`. */
    readonly orders: string[] = [];
    readonly servers: Record<string, FakeServer> = {};
    readonly volumes: Record<string, FakeVolume> = {};

    constructor(count = 1) {
        for (let at = 1; at <= count; at++) {
            this.servers[`s${String(at)}`] = { status: "ACTIVE", isGone: false };
            this.volumes[`v${String(at)}`] = {
                server: `s${String(at)}`,
                status: "in-use",
                replication_status: "enabled",
                connection: this.expected,
            };
        }
    }

    get expected() {
        return expectedConnection(backend, this.active);
    }

    server(id: string): FakeServer {
        const server = this.servers[id];
        assert.ok(server, id);
        return server;
    }

    volume(id: string): FakeVolume {
        const volume = this.volumes[id];
        assert.ok(volume, id);
        return volume;
    }

    /** A server that was deleted with its attachments. */
    remove(id: string): void {
        this.server(id).isGone = true;
        for (const volume of Object.values(this.volumes))
            if (volume.server === id) [volume.connection, volume.status] = [undefined, "available"];
    }

    private attached(): [string, FakeVolume][] {
        return Object.entries(this.volumes).filter(([, v]) => v.connection !== undefined);
    }

    private order(id: string, what: string): void {
        this.orders.push(`${id} ${what}`);
        if (this.broken.includes(what)) throw new Error(`no ${what}`);
    }

    readonly nova = {
        server: (id: string) => {
            const { isGone, ...server } = this.server(id);
            return Promise.resolve(
                isGone
                    ? undefined
                    : {
                          id,
                          name: id.replace("s", "web-"),
                          projectId: "p1",
                          host: "compute-a",
                          locked: false,
                          ephemeral: 0,
                          swap: 0,
                          rootDevice: "/dev/vda",
                          ...server,
                      },
            );
        },
        isGone: (id: string) =>
            this.isAdmin
                ? Promise.resolve(this.server(id).isGone)
                : Promise.reject(new Error("Nova: 403")),
        attachmentsOf: (id: string) =>
            Promise.resolve(
                this.attached()
                    .filter(([, { server }]) => server === id)
                    .map(([volumeId]) => ({ volumeId, device: "/dev/vdb" })),
            ),
        act: async (id: string, action: string) => {
            await Promise.resolve();
            this.order(id, action);
            this.server(id).status = action === "os-stop" ? "SHUTOFF" : "ACTIVE";
        },
        computes: () => Promise.resolve(this.computes),
        evacuate: async (id: string) => {
            await Promise.resolve();
            this.order(id, "evacuate");
            Object.assign(this.server(id), { host: "compute-b", hostStatus: "UP" });
            for (const volume of Object.values(this.volumes))
                if (volume.server === id) volume.connection = this.expected;
        },
        detach: async (id: string, volumeId: string) => {
            await Promise.resolve();
            this.order(id, "detach");
            const volume = this.volume(volumeId);
            [volume.connection, volume.status] = [undefined, "available"];
        },
        attach: async (id: string, { volumeId }: { volumeId: string }) => {
            await Promise.resolve();
            this.order(id, "attach");
            const volume = this.volume(volumeId);
            [volume.connection, volume.status] = [this.expected, "in-use"];
        },
    } as unknown as Nova;

    private attachments() {
        return this.attached().map(([id, { server, connection }]) => ({
            id: `a-${id}`,
            volume_id: id,
            instance: server,
            connection_info: connection,
        }));
    }

    /** How often Cinder was asked for the attachments of the whole cloud. */
    wholeLooks = 0;

    readonly cinder = {
        identity: () => Promise.resolve(this.cloud),
        services: () =>
            Promise.resolve([
                {
                    binary: "cinder-volume",
                    host,
                    status: "enabled",
                    state: "up",
                    updated_at: "2026-11-22T20:00:00",
                    replication_status: this.active === "primary" ? "enabled" : "failed-over",
                    active_backend_id:
                        this.active === "primary" ? null : backend.replicationDevice.backendId,
                },
            ]),
        volume: (id: string) => Promise.resolve(this.volume(id)),
        allVolumes: () =>
            Promise.resolve(
                Object.entries(this.volumes).map(
                    ([id, { server, connection, host: at, ...volume }]) => ({
                        id,
                        name: id.replace("v", "db-"),
                        "os-vol-host-attr:host": at ?? `${host}#ceph`,
                        attachments: connection === undefined ? [] : [{ server_id: server }],
                        ...volume,
                    }),
                ),
            ),
        allSnapshots: () => Promise.resolve([]),
        volumeTypes: () => Promise.resolve([]),
        allAttachments: () => {
            this.wholeLooks++;
            return Promise.resolve(this.attachments());
        },
        attachmentsOf: (server: string) =>
            Promise.resolve(this.attachments().filter(({ instance }) => instance === server)),
    } as unknown as Cinder;

    /** A failover after which every server still leads to the other site, but those. */
    failOver(...led: string[]): void {
        this.active = "secondary";
        for (const volume of Object.values(this.volumes))
            if (led.includes(volume.server)) volume.connection = this.expected;
    }

    /** What a failover makes of a volume that is not replicated. */
    makePlain(id: string): void {
        Object.assign(this.volume(id), { status: "error", replication_status: "not-capable" });
    }
}
