import type { ComputeHost } from "../core/evacuation";
import { named } from "../core/named";
import type { Server } from "../core/servers";
import type { Cloud } from "./cloud";
import { OpenStackApi, OpenStackError, type Service } from "./openstack";

const COMPUTE: Service = {
    name: "Nova",
    types: ["compute"],
    // 2.68 evacuates by the scheduler alone; 2.79 (Train) keeps delete_on_termination over a detach and attach; 2.16 shows host_status, 2.47 the flavor, 2.70 the tag.
    apiVersion: "compute 2.79",
};

interface ServerBody {
    id: string;
    name: string;
    tenant_id: string;
    status: string;
    locked?: boolean;
    flavor?: { ephemeral?: number; swap?: number };
    "OS-EXT-STS:task_state"?: string | null;
    "OS-EXT-SRV-ATTR:host"?: string | null;
    /** For an admin only, and empty while the server is on no host. */
    host_status?: string;
    "OS-EXT-SRV-ATTR:root_device_name"?: string | null;
    fault?: { message?: string };
}

interface ComputeService {
    host: string;
    state: string;
    status: string;
}

export interface SeenServer extends Server {
    /** e.g. `/dev/vda` */
    rootDevice: string;
    /** What went wrong last, of a server in ERROR. */
    faultMessage?: string;
}

export interface VolumeAttachment {
    volumeId: string;
    device: string;
    tag?: string | null;
    delete_on_termination?: boolean;
}

/** Actions on a whole server, by their key in the API. */
export type ServerAction = "shelve" | "shelveOffload" | "unshelve" | "os-stop" | "os-start";

/** Nova's API as far as this project uses it. */
export class Nova {
    private readonly api: OpenStackApi;

    constructor(cloud: Cloud) {
        this.api = new OpenStackApi(cloud, COMPUTE);
    }

    /** undefined when there is no such server */
    async server(id: string): Promise<SeenServer | undefined> {
        const answer = await this.ifThere<{ server: ServerBody }>(`/servers/${id}`);
        if (answer === undefined) return undefined;
        const { server } = answer;
        const task = server["OS-EXT-STS:task_state"] ?? "";
        const hostStatus = server.host_status ?? "";
        const host = server["OS-EXT-SRV-ATTR:host"] ?? "";
        const hostState = hostStatus === "MAINTENANCE" ? await this.stateOf(host) : undefined;
        return {
            id: server.id,
            name: named(server.name),
            projectId: server.tenant_id,
            status: server.status,
            ...(task === "" ? {} : { taskState: task }),
            locked: server.locked ?? false,
            host,
            ...(hostStatus === "" ? {} : { hostStatus }),
            ...(hostState === undefined ? {} : { hostState }),
            ephemeral: server.flavor?.ephemeral ?? 0,
            swap: server.flavor?.swap ?? 0,
            rootDevice: server["OS-EXT-SRV-ATTR:root_device_name"] ?? "",
            ...(server.fault?.message === undefined
                ? {}
                : { faultMessage: named(server.fault.message) }),
        };
    }

    /**
     * Whether no project has such a server. Nova answers 404 for one of another project too, and lists all to an admin
     * only: anyone else must not take every server for deleted.
     * @throws OpenStackError for anyone but an admin
     */
    async isGone(id: string): Promise<boolean> {
        const path = `/servers?all_tenants=1&uuid=${id}`;
        return (await this.api.call<{ servers: unknown[] }>("GET", path)).servers.length === 0;
    }

    async attachmentsOf(id: string): Promise<VolumeAttachment[]> {
        const answer = await this.ifThere<{ volumeAttachments: VolumeAttachment[] }>(
            `/servers/${id}/os-volume_attachments`,
        );
        return answer?.volumeAttachments ?? [];
    }

    async detach(id: string, volumeId: string): Promise<void> {
        await this.api.call("DELETE", `/servers/${id}/os-volume_attachments/${volumeId}`);
    }

    async attach(
        id: string,
        volumeAttachment: { volumeId: string; tag?: string; delete_on_termination: boolean },
    ): Promise<void> {
        await this.api.call("POST", `/servers/${id}/os-volume_attachments`, { volumeAttachment });
    }

    async act(id: string, action: ServerAction): Promise<void> {
        await this.api.call("POST", `/servers/${id}/action`, { [action]: null });
    }

    /** Nova chooses the host. */
    async evacuate(id: string): Promise<void> {
        await this.api.call("POST", `/servers/${id}/action`, { evacuate: {} });
    }

    /** Every nova-compute; none where Nova does not show them. */
    async computes(): Promise<ComputeHost[]> {
        return (await this.computeServices("")).map(({ host, state, status }) => ({
            host,
            isUp: state === "up",
            isEnabled: status === "enabled",
        }));
    }

    private async stateOf(host: string): Promise<string | undefined> {
        return (await this.computeServices(`&host=${encodeURIComponent(host)}`))[0]?.state;
    }

    private async computeServices(more: string): Promise<ComputeService[]> {
        const path = `/os-services?binary=nova-compute${more}`;
        try {
            return (await this.api.call<{ services: ComputeService[] }>("GET", path)).services;
        } catch (error) {
            // A role that shows host_status need not show the services.
            if (error instanceof OpenStackError && error.status === 403) return [];
            throw error;
        }
    }

    async close(): Promise<void> {
        await this.api.close();
    }

    private async ifThere<T>(path: string): Promise<T | undefined> {
        try {
            return await this.api.call<T>("GET", path);
        } catch (error) {
            if (error instanceof OpenStackError && error.status === 404) return undefined;
            throw error;
        }
    }
}
