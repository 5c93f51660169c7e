import { Agent, fetch, type Dispatcher } from "undici";

import type { Cloud } from "./cloud";
import { connectorOf, cureOf } from "./trust";

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

interface Endpoint {
    interface: string;
    region_id?: string;
    region?: string;
    url: string;
}

interface Catalog {
    token: { catalog?: { type: string; endpoints: Endpoint[] }[] };
}

/** One service of the catalog, and how it is spoken to. */
export interface Service {
    /** How errors call it, e.g. `Cinder`. */
    name: string;
    /** Its types in the catalog, the preferred one first. */
    types: readonly string[];
    /** `OpenStack-API-Version`, e.g. `volume 3.5`. */
    apiVersion: string;
}

const REQUEST_MILLISECONDS = 30_000;

/** One service's REST API; signs in at the first call and again when the token has expired. */
export class OpenStackApi {
    private readonly dispatcher: Dispatcher;
    private session: Promise<{ token: string; url: string }> | undefined;

    constructor(
        private readonly cloud: Cloud,
        private readonly service: Service,
    ) {
        this.dispatcher = new Agent({ connect: connectorOf(cloud) });
    }

    async close(): Promise<void> {
        await this.dispatcher.close();
    }

    /**
     * @param path below the service's endpoint
     * @param apiVersion instead of the service's own
     * @param signal ends the request before its own limit of 30 s
     */
    async call<T>(
        method: string,
        path: string,
        body?: object,
        apiVersion = this.service.apiVersion,
        signal?: AbortSignal,
    ): Promise<T> {
        for (let again = true; ; again = false) {
            const { token, url } = await this.signedIn();
            const headers = { "X-Auth-Token": token, "OpenStack-API-Version": apiVersion };
            const { response, answer } = await this.send(
                this.service.name,
                method,
                url + path,
                body,
                headers,
                signal,
            );
            if (response.status === 401 && again) {
                this.session = undefined;
                continue;
            }
            if (!response.ok)
                throw new OpenStackError(
                    `${this.service.name}: ${method} ${path.split("?")[0] ?? path}: HTTP ${String(response.status)}: ${reasonIn(answer)}`,
                    response.status,
                );
            return (answer === "" ? undefined : JSON.parse(answer)) as T;
        }
    }

    /** A sign-in that failed is not kept: the next call tries again. */
    private async signedIn(): Promise<{ token: string; url: string }> {
        const session = (this.session ??= this.signIn());
        try {
            return await session;
        } catch (error) {
            if (this.session === session) this.session = undefined;
            throw error;
        }
    }

    private async signIn(): Promise<{ token: string; url: string }> {
        const base = this.cloud.authUrl.replace(/\/+$/, "").replace(/\/v3$/, "");
        const { identity, scope } = this.cloud;
        const auth = { identity, ...(scope === undefined ? {} : { scope }) };
        const url = `${base}/v3/auth/tokens`;
        const { response, answer } = await this.send("Keystone", "POST", url, { auth }, {});
        const token = response.headers.get("x-subject-token");
        if (!response.ok || token === null)
            throw new OpenStackError(
                `Keystone at ${base} refused the credentials: HTTP ${String(response.status)}: ${reasonIn(answer)}`,
                response.status,
            );
        return { token, url: this.endpoint(JSON.parse(answer) as Catalog) };
    }

    private endpoint({ token: { catalog = [] } }: Catalog): string {
        const { region, interface: wanted } = this.cloud;
        const services = this.service.types.flatMap((type) =>
            catalog.filter((s) => s.type === type),
        );
        const endpoint = services
            .flatMap((service) => service.endpoints)
            .find(
                (e) =>
                    e.interface === wanted &&
                    (region === undefined || (e.region_id ?? e.region) === region),
            );
        if (endpoint === undefined)
            throw new OpenStackError(
                `the cloud's catalog has no ${wanted} ${this.service.types[0] ?? ""} endpoint${region === undefined ? "" : ` in region '${region}'`}`,
            );
        return endpoint.url.replace(/\/+$/, "");
    }

    private async send(
        name: string,
        method: string,
        url: string,
        body: object | undefined,
        headers: Record<string, string>,
        signal?: AbortSignal,
    ) {
        const limit = AbortSignal.timeout(REQUEST_MILLISECONDS);
        try {
            const response = await fetch(url, {
                method,
                dispatcher: this.dispatcher,
                signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
                headers: {
                    Accept: "application/json",
                    "Content-Type": "application/json",
                    ...headers,
                },
                ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            });
            // An answer that nobody reads keeps its connection, and close() waits for that.
            return { response, answer: await response.text() };
        } catch (error) {
            const cause = (error as Error).cause;
            const last = cause instanceof Error ? cause : (error as Error);
            throw new OpenStackError(
                `${name} at ${new URL(url).origin} does not answer: ${last.message}${cureOf(last)}`,
                undefined,
                { cause: error },
            );
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
