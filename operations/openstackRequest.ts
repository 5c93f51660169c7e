import { fetch, type Dispatcher, type Response } from "undici";

import { named } from "../core/named";
import { cureOf } from "./trust";
import { pause } from "./wait";

/** How an answer of OpenStack, or the lack of one, is to be taken. */
interface Failure extends ErrorOptions {
    /** Nothing was carried out: nobody took the connection. */
    isUntaken?: boolean;
    /** The connection was lost, or something else than OpenStack answered. */
    isLost?: boolean;
    /** Seconds after which to ask again, as the answer says. */
    retryAfter?: number;
}

/** OpenStack refused or did not answer. The message never holds what was sent. */
export class OpenStackError extends Error {
    override readonly name = "OpenStackError";
    constructor(
        message: string,
        readonly status?: number,
        private readonly failure: Failure = {},
    ) {
        super(message, failure);
    }

    /** Seconds. */
    get retryAfter(): number {
        return this.failure.retryAfter ?? 0;
    }

    /** Nothing was carried out: a busy API says 429, and a proxy without a server behind it 503. */
    get isUntaken(): boolean {
        return this.failure.isUntaken === true || [429, 503].includes(this.status ?? 0);
    }

    /** The same question may be answered a moment later; an order may have been carried out. */
    get isPassing(): boolean {
        return (
            this.isUntaken || this.failure.isLost === true || [502, 504].includes(this.status ?? 0)
        );
    }

    /** The API is not there, for a moment or for long, and has said nothing of what was asked. */
    get isAway(): boolean {
        return this.status === undefined || this.status === 429 || this.status >= 500;
    }
}

/** For so long a question is asked again, in milliseconds: a proxy or an API that is started again is back by then. */
export const PATIENCE = 5000;
/** Of the time that there is, the first pause takes a twentieth; each later one is twice as long. */
const PAUSES = 20;

/**
 * Asks again while a failure is one that passes; the wait between two grows, and is at least what the answer wants.
 * @param until by performance.now(); the last failure is thrown then
 * @param signal ends the wait with the failure at once
 */
export async function again<T>(
    ask: () => Promise<T>,
    until: number,
    passes: (error: OpenStackError) => boolean,
    signal: AbortSignal = new AbortController().signal,
): Promise<T> {
    for (let wait = (until - performance.now()) / PAUSES; ; wait *= 2) {
        try {
            return await ask();
        } catch (error) {
            const left = until - performance.now();
            if (!(error instanceof OpenStackError) || !passes(error) || left <= 0) throw error;
            const wanted = Math.max(wait, error.retryAfter * 1000);
            await pause(Math.min(wanted, left), signal).catch(() => {
                throw error;
            });
        }
    }
}

const REQUEST_MILLISECONDS = 30_000;

/** Nobody listens: the API is being started, or is dead. */
const UNTAKEN = "ECONNREFUSED";
/** A limit that was waited for, a name or a certificate that is wrong are none of them: the next try would find the same. */
const LOST = [UNTAKEN, "ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

export interface Request {
    dispatcher: Dispatcher;
    method: string;
    url: string;
    headers?: Record<string, string>;
    body?: object | undefined;
    signal?: AbortSignal | undefined;
}

/** An answer, read to its end. */
export interface Answer {
    response: Response;
    answer: string;
}

/** @param name of the service, for the error @throws OpenStackError where no answer comes within 30 s */
export async function send(name: string, request: Request): Promise<Answer> {
    const { dispatcher, method, url, headers, body, signal } = request;
    const limit = AbortSignal.timeout(REQUEST_MILLISECONDS);
    try {
        const response = await fetch(url, {
            method,
            dispatcher,
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
        const code = (last as NodeJS.ErrnoException).code ?? "";
        throw new OpenStackError(
            `${name} at ${new URL(url).origin} does not answer: ${last.message}${cureOf(last)}`,
            undefined,
            { cause: error, isUntaken: code === UNTAKEN, isLost: LOST.includes(code) },
        );
    }
}

/** What an answer that is no success says. @param what was asked of whom, and what became of it */
export function refusalOf(what: string, { response, answer }: Answer): OpenStackError {
    const { status, headers } = response;
    const wanted = headers.get("retry-after") ?? "";
    // Seconds, or the time of day (RFC 9110).
    const seconds = /^\d+$/.test(wanted)
        ? Number(wanted)
        : (Date.parse(wanted) - Date.now()) / 1000;
    return new OpenStackError(
        `${what}: HTTP ${String(status)}: ${reasonIn(answer)}`,
        status,
        Number.isFinite(seconds) ? { retryAfter: seconds } : {},
    );
}

/** @throws OpenStackError where a proxy answers in OpenStack's place with a page of its own, and for half an answer */
export function readJson(what: string, { response, answer }: Answer): object {
    try {
        const value: unknown = JSON.parse(answer);
        if (typeof value === "object" && value !== null) return value;
    } catch {
        // What came is told below, and not by the parser.
    }
    const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
    // What is broken in OpenStack's own answer may hold a connection or a token.
    const words = /json/i.test(type) ? "" : reasonIn(answer);
    throw new OpenStackError(
        `${what}: no JSON, but ${type === "" ? "an answer of no type" : named(type)} of ${String(answer.length)} characters${words === "" ? "" : `: ${words}`}`,
        undefined,
        { isLost: true },
    );
}

/** `{"itemNotFound": {"message": "…"}}` of OpenStack's errors, else the start of the text. */
function reasonIn(answer: string): string {
    try {
        const inner = Object.values(JSON.parse(answer) as Record<string, { message?: unknown }>)[0];
        if (typeof inner?.message === "string") return named(inner.message);
    } catch {
        // Proxies answer in HTML: its first words say as much as can be known.
    }
    return named(
        answer
            .replace(/<[^>]*>/g, " ")
            .replace(/\s+/g, " ")
            .trim()
            .slice(0, 200),
    );
}
