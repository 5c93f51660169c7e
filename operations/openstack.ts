import { Agent, type Dispatcher } from "undici";

import type { Cloud } from "./cloud";
import { again, OpenStackError, PATIENCE, readJson, refusalOf, send } from "./openstackRequest";
import { connectorOf } from "./trust";

export { OpenStackError };

interface Endpoint {
    interface: string;
    region_id?: string;
    region?: string;
    url: string;
}

interface Catalog {
    token?: { catalog?: { id?: string; type: string; endpoints: Endpoint[] }[] };
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

interface Question {
    method: string;
    path: string;
    body?: object | undefined;
    apiVersion: string;
    signal?: AbortSignal | undefined;
}

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

    /** @param patience milliseconds for which a question is asked again, see {@link call} */
    constructor(
        private readonly cloud: Cloud,
        private readonly service: Service,
        private readonly patience = PATIENCE,
    ) {
        this.dispatcher = new Agent({ connect: connectorOf(cloud) });
    }

    async close(): Promise<void> {
        await this.dispatcher.close();
    }

    /**
     * A question is asked again for some seconds where the API is away for a moment, and so is Keystone. An order is given
     * once: it may have been carried out.
     * @param path below the service's endpoint
     * @param apiVersion instead of the service's own
     * @param signal ends the request before its own limit of 30 s. Its caller may not wait for a slow answer twice: it is
     * asked again only where nobody took the question
     */
    async call<T>(
        method: string,
        path: string,
        body?: object,
        apiVersion = this.service.apiVersion,
        signal?: AbortSignal,
    ): Promise<T> {
        const until = performance.now() + this.patience;
        const ask = () => this.ask<T>({ method, path, body, apiVersion, signal }, until);
        if (method !== "GET") return ask();
        const isSlow = signal !== undefined;
        return again(ask, until, (e) => (isSlow ? e.isUntaken : e.isPassing), signal);
    }

    /** Gives an order that does no harm when it is given twice again, for some seconds, while nobody takes it. */
    async order(
        method: string,
        path: string,
        body: object,
        apiVersion = this.service.apiVersion,
    ): Promise<void> {
        const until = performance.now() + this.patience;
        const ask = () => this.ask({ method, path, body, apiVersion }, until);
        await again(ask, until, (e) => e.isUntaken);
    }

    /**
     * What tells this service from those of other clouds and regions: `<service id>/<region>` of the catalog. Keystone's URL
     * stands in place of an id that a catalog does not give.
     */
    async identity(): Promise<string> {
        if (this.known === undefined) {
            const until = performance.now() + this.patience;
            this.known = (await this.patientlyIn(until)).identity;
        }
        // Once known it stays known, whatever becomes of Keystone: the end of an operation asks for it too.
        return this.known;
    }

    private async ask<T>(question: Question, until: number): Promise<T> {
        const { method, path, body, apiVersion, signal } = question;
        const what = `${this.service.name}: ${method} ${path.split("?")[0] ?? path}`;
        for (let isFirst = true; ; isFirst = false) {
            const { token, url } = await this.patientlyIn(until, signal);
            const answer = await send(this.service.name, {
                dispatcher: this.dispatcher,
                method,
                url: url + path,
                headers: { "X-Auth-Token": token, "OpenStack-API-Version": apiVersion },
                body,
                signal,
            });
            if (answer.response.status === 401 && isFirst) {
                this.session = undefined;
                continue;
            }
            if (!answer.response.ok) throw refusalOf(what, answer);
            // Only an order may be answered with nothing.
            if (method !== "GET" && answer.answer === "") return undefined as T;
            return readJson(what, answer) as T;
        }
    }

    private patientlyIn(until: number, signal?: AbortSignal): Promise<Session> {
        return again(
            () => this.signedIn(),
            until,
            (e) => e.isPassing,
            signal,
        );
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
        const answer = await send("Keystone", {
            dispatcher: this.dispatcher,
            method: "POST",
            url: `${base}/v3/auth/tokens`,
            body: { auth },
        });
        const { status, ok, headers } = answer.response;
        const keystone = `Keystone at ${base}`;
        const isRefused = status >= 400 && status < 500 && status !== 429;
        if (!ok)
            throw refusalOf(
                `${keystone} ${isRefused ? "refused the credentials" : "does not answer"}`,
                answer,
            );
        const catalog = readJson(keystone, answer) as Catalog;
        const token = headers.get("x-subject-token");
        if (token === null) throw new OpenStackError(`${keystone} gave no token`);
        const { id, region, url } = this.endpoint(catalog);
        return { token, url, identity: `${id ?? base}/${region}` };
    }

    private endpoint({ token: { catalog = [] } = {} }: Catalog) {
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
}
