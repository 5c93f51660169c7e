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
    token: { catalog?: { id?: string; type: string; endpoints: Endpoint[] }[] };
}

/** What a sign-in gives. */
interface Session {
    token: string;
    url: string;
    identity: string;
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

const placeOf = ({ interface: on, region_id, region = "none", url }: Endpoint) => ({
    on,
    region: region_id ?? region,
    url: url.replace(/\/+$/, ""),
});

/** One service's REST API; signs in at the first call and again when the token has expired. */
export class OpenStackApi {
    private readonly dispatcher: Dispatcher;
    private session: Promise<Session> | undefined;
    private known: string | undefined;

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

    /**
     * What tells this service from those of other clouds and regions: `<service id>/<region>` of the catalog. Keystone's URL
     * stands in place of an id that a catalog does not give.
     */
    async identity(): Promise<string> {
        // Once known it stays known, whatever becomes of Keystone: the end of an operation asks for it too.
        return (this.known ??= (await this.signedIn()).identity);
    }

    /** A sign-in that failed is not kept: the next call tries again. */
    private async signedIn(): Promise<Session> {
        const session = (this.session ??= this.signIn());
        try {
            return await session;
        } catch (error) {
            if (this.session === session) this.session = undefined;
            throw error;
        }
    }

    private async signIn(): Promise<Session> {
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
        const { id, region, url: at } = this.endpoint(JSON.parse(answer) as Catalog);
        return { token, url: at, identity: `${id ?? base}/${region}` };
    }

    private endpoint({ token: { catalog = [] } }: Catalog): {
        id: string | undefined;
        region: string;
        url: string;
    } {
        const { region, interface: wanted } = this.cloud;
        const services = this.service.types.flatMap((type) =>
            catalog.filter((s) => s.type === type),
        );
        const all = services
            .flatMap(({ id, endpoints }) => endpoints.map((e) => ({ id, ...placeOf(e) })))
            .filter((e) => e.on === wanted);
        const regions = new Set(all.map((e) => e.region));
        // Volumes of another region may have the same hosts and names: the first one must not win.
        if (region === undefined && regions.size > 1)
            throw new OpenStackError(
                `the cloud's catalog has ${this.service.name} in several regions (${[...regions].join(", ")}): choose one by OS_REGION_NAME, or as region_name in clouds.yaml`,
            );
        const found = all.find((e) => region === undefined || e.region === region);
        if (found === undefined)
            throw new OpenStackError(
                `the cloud's catalog has no ${wanted} ${this.service.types[0] ?? ""} endpoint${region === undefined ? "" : ` in region '${region}'`}`,
            );
        return found;
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
