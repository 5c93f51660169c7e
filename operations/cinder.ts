import type { Attachment } from "../core/formerUser";
import { named } from "../core/named";
import type { Cloud } from "./cloud";
import type { ClusterRow, ServiceRow } from "../core/service";
import type { Snapshot, Volume, VolumeType } from "../core/volume";
import { OpenStackApi, OpenStackError, type Service } from "./openstack";

export { OpenStackError };
export type { Attachment };

/** Volumes asked for at a time: `osapi_max_limit` of Cinder is 1000 by default. */
const PAGE = 1000;

const BLOCK_STORAGE: Service = {
    name: "Cinder",
    types: ["block-storage", "volumev3", "volume"],
    // 3.5 brings messages; everything else here is older.
    apiVersion: "volume 3.5",
};

/** Clusters came with 3.7. */
const CLUSTERS = "volume 3.7";

/** Cinder's API as far as this project uses it. */
export class Cinder {
    private readonly api: OpenStackApi;

    /** @param patience see {@link OpenStackApi} */
    constructor(cloud: Cloud, patience?: number) {
        this.api = new OpenStackApi(cloud, BLOCK_STORAGE, patience);
    }

    /** Which Cinder this is, as its Keystone knows it; signs in, and asks Cinder nothing. See {@link OpenStackApi.identity}. */
    identity(): Promise<string> {
        return this.api.identity();
    }

    async volumeTypes(): Promise<VolumeType[]> {
        const body = await this.api.call<{ volume_types: VolumeType[] }>(
            "GET",
            "/types?is_public=None",
        );
        return body.volume_types;
    }

    /** Ids of the projects that may use a private type. */
    async projectsOf(typeId: string): Promise<string[]> {
        const path = `/types/${typeId}/os-volume-type-access`;
        const body = await this.api.call<{ volume_type_access: { project_id: string }[] }>(
            "GET",
            path,
        );
        return body.volume_type_access.map(({ project_id }) => project_id);
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

    /** Volumes of all projects. Only an admin is told their hosts; anyone else sees their own volumes. */
    allVolumes(): Promise<Volume[]> {
        return this.pages<Volume>("/volumes/detail", "volumes");
    }

    /** Attachments of all projects with their connection; an admin's question. */
    allAttachments(): Promise<Attachment[]> {
        // Attachments came with 3.27.
        return this.pages<Attachment>("/attachments/detail", "attachments", "volume 3.27");
    }

    /** Attachments of one server with their connection; an admin's question. */
    attachmentsOf(server: string): Promise<Attachment[]> {
        // Cinder has taken this filter since 3.27; from 3.31 on it is the operator's resource_filters.json that says so.
        const filter = `&instance_id=${encodeURIComponent(server)}`;
        return this.pages<Attachment>("/attachments/detail", "attachments", "volume 3.27", filter);
    }

    /** Snapshots of all projects. */
    allSnapshots(): Promise<Snapshot[]> {
        return this.pages<Snapshot>("/snapshots/detail", "snapshots");
    }

    private async pages<T extends { id: string }>(
        path: string,
        key: string,
        version?: string,
        filter = "",
    ): Promise<T[]> {
        const all: T[] = [];
        for (let marker = ""; ;) {
            const after = marker === "" ? "" : `&marker=${marker}`;
            const whole = `${path}?all_tenants=1&limit=${String(PAGE)}${filter}${after}`;
            const body = await this.api.call<Record<string, T[]>>("GET", whole, undefined, version);
            const page = body[key] ?? [];
            all.push(...page);
            // The cloud's own limit may be lower than ours: only an empty page is the last one.
            marker = page.at(-1)?.id ?? "";
            if (marker === "") return all;
        }
    }

    /** Rows of cinder-volume, of all hosts; an admin's question. */
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

    /**
     * Whether a host's cinder-volume takes messages and its driver is initialised: its API asks the service itself
     * (`capabilities`, Kilo), which has properties to tell only then. False where it does not answer, and once the
     * signal is aborted; undefined where this cloud does not let the caller ask.
     */
    async answers(host: string, signal: AbortSignal): Promise<boolean | undefined> {
        const path = `/capabilities/${encodeURIComponent(host)}`;
        try {
            const body = await this.api.call<{ properties?: object | null }>(
                "GET",
                path,
                undefined,
                undefined,
                signal,
            );
            return body.properties != null;
        } catch (error) {
            if (!(error instanceof OpenStackError)) throw error;
            return error.status === 403 || error.status === 404 ? undefined : false;
        }
    }

    /** Queues a failover of one host's backend, or of its whole cluster; 202 says no more than that. */
    async failoverHost(host: string, backendId: string): Promise<void> {
        await this.api.call("PUT", "/os-services/failover_host", { host, backend_id: backendId });
    }

    /** freeze, thaw: refused (400) where it is so already. enable needs the binary too. */
    async service(verb: "freeze" | "thaw" | "enable", host: string): Promise<void> {
        await this.api.order("PUT", `/os-services/${verb}`, {
            host,
            ...(verb === "enable" ? { binary: "cinder-volume" } : {}),
        });
    }

    /** Clusters of cinder-volume; an admin's question. */
    async clusters(): Promise<ClusterRow[]> {
        const path = "/clusters?binary=cinder-volume";
        const body = await this.api.call<{ clusters: ClusterRow[] }>(
            "GET",
            path,
            undefined,
            CLUSTERS,
        );
        return body.clusters;
    }

    /** Lets the scheduler use a cluster again; its services' own rows do not count there. */
    async enableCluster(name: string): Promise<void> {
        const body = { name, binary: "cinder-volume" };
        await this.api.order("PUT", "/clusters/enable", body, CLUSTERS);
    }

    /** Sets a status in the database and nothing else. */
    async resetStatus(kind: "volumes" | "snapshots", id: string, status: string): Promise<void> {
        await this.api.order("POST", `/${kind}/${id}/action`, { "os-reset_status": { status } });
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
        return body.messages.map((m) => named(m.user_message));
    }

    async close(): Promise<void> {
        await this.api.close();
    }
}
