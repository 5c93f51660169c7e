import { readFileSync } from "node:fs";

import { Agent, fetch, type Dispatcher } from "undici";

import type { Cloud } from "./cloud";

/** OpenStack refused or did not answer. The message never holds what was sent. */
export class OpenStackError extends Error {
    override readonly name = "OpenStackError";
    constructor(
        message: string,
        readonly status?: number,
        options?: ErrorOptions,
    ) {
        super(message, options);
    }
}

export interface VolumeType {
    id: string;
    name: string;
    extra_specs?: Record<string, string>;
}

export interface Volume {
    id: string;
    name: string;
    status: string;
    replication_status: string | null;
    created_at: string;
    "os-vol-host-attr:host"?: string | null;
}

interface Endpoint {
    interface: string;
    region_id?: string;
    region?: string;
    url: string;
}

interface Catalog {
    token: { catalog?: { type: string; endpoints: Endpoint[] }[] };
}

const REQUEST_MILLISECONDS = 30_000;
const BLOCK_STORAGE = ["block-storage", "volumev3", "volume"];

/** Cinder's API as far as this project uses it; signs in at the first call and again when the token has expired. */
export class Cinder {
    private readonly dispatcher: Dispatcher;
    private session: Promise<{ token: string; url: string }> | undefined;

    constructor(private readonly cloud: Cloud) {
        this.dispatcher = new Agent({
            connect: {
                rejectUnauthorized: !cloud.insecure,
                ...(cloud.cacert === undefined ? {} : { ca: readFileSync(cloud.cacert) }),
            },
        });
    }

    async volumeTypes(): Promise<VolumeType[]> {
        const body = await this.call<{ volume_types: VolumeType[] }>(
            "GET",
            "/types?is_public=None",
        );
        return body.volume_types;
    }

    /** Sets one extra spec; Cinder answers 400 while a volume uses the type. */
    async setExtraSpec(typeId: string, key: string, value: string): Promise<void> {
        await this.call("POST", `/types/${typeId}/extra_specs`, { extra_specs: { [key]: value } });
    }

    async createVolume(volume: {
        name: string;
        description: string;
        size: number;
        volume_type: string;
        metadata: Record<string, string>;
    }): Promise<Volume> {
        return (await this.call<{ volume: Volume }>("POST", "/volumes", { volume })).volume;
    }

    /** undefined when there is no such volume */
    async volume(id: string): Promise<Volume | undefined> {
        try {
            return (await this.call<{ volume: Volume }>("GET", `/volumes/${id}`)).volume;
        } catch (error) {
            if (error instanceof OpenStackError && error.status === 404) return undefined;
            throw error;
        }
    }

    /** Volumes of this project that carry a metadata item. */
    async volumesWith(key: string, value: string): Promise<Volume[]> {
        const filter = encodeURIComponent(`{'${key}':'${value}'}`);
        const path = `/volumes/detail?metadata=${filter}`;
        return (await this.call<{ volumes: Volume[] }>("GET", path)).volumes;
    }

    async deleteVolume(id: string): Promise<void> {
        try {
            await this.call("DELETE", `/volumes/${id}`);
        } catch (error) {
            if (!(error instanceof OpenStackError && error.status === 404)) throw error;
        }
    }

    /** What a failed volume says of itself (`os-vol-…` messages), newest first. */
    async messagesOf(id: string): Promise<string[]> {
        const path = `/messages?resource_uuid=${id}`;
        const body = await this.call<{ messages: { user_message: string }[] }>("GET", path);
        return body.messages.map((m) => m.user_message);
    }

    async close(): Promise<void> {
        await this.dispatcher.close();
    }

    private async call<T>(method: string, path: string, body?: object): Promise<T> {
        for (let again = true; ; again = false) {
            const { token, url } = await (this.session ??= this.signIn());
            const response = await this.send(method, url + path, body, {
                "X-Auth-Token": token,
                // 3.5 brings messages; everything else here is older.
                "OpenStack-API-Version": "volume 3.5",
            });
            if (response.status === 401 && again) {
                this.session = undefined;
                // An answer that nobody reads keeps its connection, and close() waits for that.
                await response.body?.cancel();
                continue;
            }
            const answer = await response.text();
            if (!response.ok)
                throw new OpenStackError(
                    `Cinder: ${method} ${path.split("?")[0] ?? path}: HTTP ${String(response.status)}: ${reasonIn(answer)}`,
                    response.status,
                );
            return (answer === "" ? undefined : JSON.parse(answer)) as T;
        }
    }

    private async signIn(): Promise<{ token: string; url: string }> {
        const base = this.cloud.authUrl.replace(/\/+$/, "").replace(/\/v3$/, "");
        const { identity, scope } = this.cloud;
        const auth = { identity, ...(scope === undefined ? {} : { scope }) };
        const response = await this.send("POST", `${base}/v3/auth/tokens`, { auth }, {});
        const token = response.headers.get("x-subject-token");
        const answer = await response.text();
        if (!response.ok || token === null)
            throw new OpenStackError(
                `Keystone at ${base} refused the credentials: HTTP ${String(response.status)}: ${reasonIn(answer)}`,
                response.status,
            );
        return { token, url: this.endpoint(JSON.parse(answer) as Catalog) };
    }

    private endpoint({ token: { catalog = [] } }: Catalog): string {
        const { region, interface: wanted } = this.cloud;
        const services = BLOCK_STORAGE.flatMap((type) => catalog.filter((s) => s.type === type));
        const endpoint = services
            .flatMap((service) => service.endpoints)
            .find(
                (e) =>
                    e.interface === wanted &&
                    (region === undefined || (e.region_id ?? e.region) === region),
            );
        if (endpoint === undefined)
            throw new OpenStackError(
                `the cloud's catalog has no ${wanted} block-storage endpoint${region === undefined ? "" : ` in region '${region}'`}`,
            );
        return endpoint.url.replace(/\/+$/, "");
    }

    private async send(
        method: string,
        url: string,
        body: object | undefined,
        headers: Record<string, string>,
    ) {
        try {
            return await fetch(url, {
                method,
                dispatcher: this.dispatcher,
                signal: AbortSignal.timeout(REQUEST_MILLISECONDS),
                headers: {
                    Accept: "application/json",
                    "Content-Type": "application/json",
                    ...headers,
                },
                ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            });
        } catch (error) {
            const cause = (error as Error).cause;
            const why = cause instanceof Error ? cause.message : (error as Error).message;
            throw new OpenStackError(`${method} ${new URL(url).origin}: ${why}`, undefined, {
                cause: error,
            });
        }
    }
}

/** `{"itemNotFound": {"message": "…"}}` of OpenStack's errors, else the start of the text. */
function reasonIn(answer: string): string {
    try {
        const inner = Object.values(JSON.parse(answer) as Record<string, { message?: string }>)[0];
        if (inner?.message !== undefined) return inner.message;
    } catch {
        // Proxies answer in HTML: its first words say as much as can be known.
    }
    return answer
        .replace(/<[^>]*>/g, " ")
        .replace(/\s+/g, " ")
        .trim()
        .slice(0, 200);
}
