import type { Attachment } from "../core/formerUser";
import type { Cloud } from "./cloud";
import type { ServiceRow } from "../core/service";
import { OpenStackApi, OpenStackError, type Service } from "./openstack";

export { OpenStackError };
export type { Attachment };

export interface VolumeType {
    id: string;
    name: string;
    extra_specs?: Record<string, string>;
    is_public?: boolean;
    description?: string | null;
}

/** One service row of cinder-volume. */
export interface VolumeService {
    /** `host@backend` */
    host: string;
    status: string;
    state: string;
    replication_status?: string | null;
    active_backend_id?: string | null;
    frozen?: boolean;
}

export interface Volume {
    id: string;
    name: string;
    status: string;
    replication_status: string | null;
    created_at: string;
    "os-vol-host-attr:host"?: string | null;
    volume_type?: string | null;
    bootable?: string;
    size?: number;
    attachments?: { server_id: string; attachment_id?: string; device?: string }[];
    "os-vol-tenant-attr:tenant_id"?: string;
    /** Set after a migration: the image is called after it and not after `id`. */
    "os-vol-mig-status-attr:name_id"?: string | null;
}

export interface Snapshot {
    id: string;
    name: string;
    status: string;
    volume_id: string;
}

/** Volumes asked for at a time: `osapi_max_limit` of Cinder is 1000 by default. */
const PAGE = 1000;

const BLOCK_STORAGE: Service = {
    name: "Cinder",
    types: ["block-storage", "volumev3", "volume"],
    // 3.5 brings messages; everything else here is older.
    apiVersion: "volume 3.5",
};

/** Cinder's API as far as this project uses it. */
export class Cinder {
    private readonly api: OpenStackApi;

    constructor(cloud: Cloud) {
        this.api = new OpenStackApi(cloud, BLOCK_STORAGE);
    }

    async volumeTypes(): Promise<VolumeType[]> {
        const body = await this.api.call<{ volume_types: VolumeType[] }>(
            "GET",
            "/types?is_public=None",
        );
        return body.volume_types;
    }

    /** The service rows of cinder-volume; an admin's question. */
    async volumeServices(): Promise<VolumeService[]> {
        const body = await this.api.call<{ services: VolumeService[] }>(
            "GET",
            "/os-services?binary=cinder-volume",
            undefined,
            // From 3.7 on a row tells its replication.
            "volume 3.7",
        );
        return body.services;
    }

    /** Sets one extra spec; Cinder answers 400 while a volume uses the type. */
    async setExtraSpec(typeId: string, key: string, value: string): Promise<void> {
        await this.api.call("POST", `/types/${typeId}/extra_specs`, {
            extra_specs: { [key]: value },
        });
    }

    async createVolume(volume: {
        name: string;
        description: string;
        size: number;
        volume_type: string;
        metadata: Record<string, string>;
    }): Promise<Volume> {
        return (await this.api.call<{ volume: Volume }>("POST", "/volumes", { volume })).volume;
    }

    /** undefined when there is no such volume */
    async volume(id: string): Promise<Volume | undefined> {
        try {
            return (await this.api.call<{ volume: Volume }>("GET", `/volumes/${id}`)).volume;
        } catch (error) {
            if (error instanceof OpenStackError && error.status === 404) return undefined;
            throw error;
        }
    }

    /** Volumes of this project that carry a metadata item. */
    async volumesWith(key: string, value: string): Promise<Volume[]> {
        const filter = encodeURIComponent(`{'${key}':'${value}'}`);
        const path = `/volumes/detail?metadata=${filter}`;
        return (await this.api.call<{ volumes: Volume[] }>("GET", path)).volumes;
    }

    /** Volumes of all projects, page by page. Only an admin is told their hosts; anyone else sees their own volumes. */
    async allVolumes(): Promise<Volume[]> {
        const volumes: Volume[] = [];
        for (let marker = ""; ;) {
            const after = marker === "" ? "" : `&marker=${marker}`;
            const path = `/volumes/detail?all_tenants=1&limit=${String(PAGE)}${after}`;
            const page = (await this.api.call<{ volumes: Volume[] }>("GET", path)).volumes;
            volumes.push(...page);
            // The cloud's own limit may be lower than ours: only an empty page is the last one.
            marker = page.at(-1)?.id ?? "";
            if (marker === "") return volumes;
        }
    }

    /** Attachments of all projects with their connection; an admin's question. */
    async allAttachments(): Promise<Attachment[]> {
        const attachments: Attachment[] = [];
        for (let marker = ""; ;) {
            const after = marker === "" ? "" : `&marker=${marker}`;
            const path = `/attachments/detail?all_tenants=1&limit=${String(PAGE)}${after}`;
            // Attachments came with 3.27.
            const page = (
                await this.api.call<{ attachments: Attachment[] }>(
                    "GET",
                    path,
                    undefined,
                    "volume 3.27",
                )
            ).attachments;
            attachments.push(...page);
            marker = page.at(-1)?.id ?? "";
            if (marker === "") return attachments;
        }
    }

    /** Rows of cinder-volume, of all hosts. */
    async services(): Promise<ServiceRow[]> {
        const path = "/os-services?binary=cinder-volume";
        // 3.7 brings the cluster, 3.49 the backend's state: the newest that this Cinder speaks has what there is.
        const body = await this.api.call<{ services: ServiceRow[] }>(
            "GET",
            path,
            undefined,
            "volume latest",
        );
        return body.services;
    }

    /** Snapshots of all projects, page by page. */
    async allSnapshots(): Promise<Snapshot[]> {
        const snapshots: Snapshot[] = [];
        for (let marker = ""; ;) {
            const after = marker === "" ? "" : `&marker=${marker}`;
            const path = `/snapshots/detail?all_tenants=1&limit=${String(PAGE)}${after}`;
            const page = (await this.api.call<{ snapshots: Snapshot[] }>("GET", path)).snapshots;
            snapshots.push(...page);
            marker = page.at(-1)?.id ?? "";
            if (marker === "") return snapshots;
        }
    }

    /** Queues a failover of one host's backend, or of its whole cluster; 202 says no more than that. */
    async failoverHost(host: string, backendId: string): Promise<void> {
        await this.api.call("PUT", "/os-services/failover_host", { host, backend_id: backendId });
    }

    /** freeze, thaw: refused (400) where it is so already. enable needs the binary too. */
    async service(verb: "freeze" | "thaw" | "enable", host: string): Promise<void> {
        await this.api.call("PUT", `/os-services/${verb}`, {
            host,
            ...(verb === "enable" ? { binary: "cinder-volume" } : {}),
        });
    }

    /** Sets a status in the database and nothing else. */
    async resetStatus(kind: "volumes" | "snapshots", id: string, status: string): Promise<void> {
        await this.api.call("POST", `/${kind}/${id}/action`, { "os-reset_status": { status } });
    }

    async deleteVolume(id: string): Promise<void> {
        try {
            await this.api.call("DELETE", `/volumes/${id}`);
        } catch (error) {
            if (!(error instanceof OpenStackError && error.status === 404)) throw error;
        }
    }

    /** What a failed volume says of itself (`os-vol-…` messages), newest first. */
    async messagesOf(id: string): Promise<string[]> {
        const path = `/messages?resource_uuid=${id}`;
        const body = await this.api.call<{ messages: { user_message: string }[] }>("GET", path);
        return body.messages.map((m) => m.user_message);
    }

    async close(): Promise<void> {
        await this.api.close();
    }
}
