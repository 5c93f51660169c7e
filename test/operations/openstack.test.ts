import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { Cinder, OpenStackError } from "../../operations/cinder";
import { findCloud } from "../../operations/cloud";

/** An answer; `lost` breaks the connection off, `half` in the middle of the answer. */
type Reply = { status: number; body: string; headers?: Record<string, string> } | "lost" | "half";

const json = (status: number, body: object): Reply => ({
    status,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", "x-subject-token": "t" },
});
const page = (status: number, headers: Record<string, string> = {}): Reply => ({
    status,
    body: "<!doctype html><title>Busy</title><h1>Maintenance</h1>",
    headers: { "content-type": "text/html; charset=utf-8", ...headers },
});
const ROWS = json(200, { services: [] });
const SERVICES = "GET /v3/os-services";
const SIGN_IN = "POST /v3/auth/tokens";

describe("OpenStack's API behind a proxy", () => {
    let server: Server;
    let base = "";
    let opened: Cinder[] = [];
    /** Replies by `METHOD path`; the last one stays. */
    let script: Record<string, Reply[]> = {};
    let seen: string[] = [];

    before(async () => {
        server = createServer((request, response) => {
            request.resume().on("end", () => {
                const line = `${request.method ?? ""} ${(request.url ?? "").split("?")[0] ?? ""}`;
                seen.push(line);
                const replies = script[line] ?? [];
                const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? page(501);
                if (reply === "half") response.writeHead(200).write('{"services": ');
                if (typeof reply === "string")
                    setTimeout(() => request.socket.destroy(), reply === "half" ? 50 : 0);
                else response.writeHead(reply.status, reply.headers).end(reply.body);
            });
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    });
    const endpoints = () => [{ interface: "public", region_id: "one", url: `${base}/v3` }];
    const token = () =>
        json(201, { token: { catalog: [{ type: "block-storage", endpoints: endpoints() }] } });
    const signIn = (patience = 1000): Cinder => {
        const cloud = findCloud({
            OS_AUTH_URL: base,
            OS_USERNAME: "u",
            OS_PASSWORD: "s3cret",
            OS_PROJECT_NAME: "p",
        });
        const cinder = new Cinder(cloud, patience);
        opened.push(cinder);
        return cinder;
    };
    beforeEach(() => {
        seen = [];
        script = { [SIGN_IN]: [token()], [SERVICES]: [ROWS] };
    });
    afterEach(async () => {
        await Promise.all(opened.map((cinder) => cinder.close()));
        opened = [];
    });
    after(() => {
        server.closeAllConnections();
        server.close();
    });
    const faultOf = async (ask: Promise<unknown>): Promise<OpenStackError> => {
        const error: unknown = await ask.then(
            () => "no fault",
            (e: unknown) => e,
        );
        assert.ok(error instanceof OpenStackError, String(error));
        return error;
    };
    const countOf = (line: string): number => seen.filter((one) => one === line).length;

    const moments: [what: string, reply: Reply][] = [
        ...[429, 502, 503, 504].map((status): [string, Reply] => [
            `HTTP ${String(status)}`,
            page(status),
        ]),
        ["a page of its own", page(200)],
        ["no word", { status: 200, body: "" }],
        ["a lost connection", "lost"],
        ["half an answer", "half"],
    ];
    for (const [what, reply] of moments)
        it(`is asked again after a moment of ${what}`, async () => {
            script[SERVICES] = [reply, ROWS];
            assert.deepEqual(await signIn().services(), []);
            assert.equal(countOf(SERVICES), 2);
        });
    for (const [what, reply] of [moments[1], moments[4], moments[6]] as typeof moments)
        it(`is signed in to again after a moment of ${what}, also for an order`, async () => {
            const line = "PUT /v3/os-services/failover_host";
            Object.assign(script, { [SIGN_IN]: [reply, token()], [line]: [json(202, {})] });
            await signIn().failoverHost("a@ceph", "lyon");
            assert.deepEqual([countOf(SIGN_IN), countOf(line)], [2, 1]);
        });
    for (const status of [400, 404, 500])
        it(`is asked once where it answers HTTP ${String(status)}`, async () => {
            script[SERVICES] = [page(status), ROWS];
            assert.equal((await faultOf(signIn().services())).status, status);
            assert.equal(countOf(SERVICES), 1);
        });

    it("is asked again no sooner than it wants", async () => {
        script[SERVICES] = [page(503, { "retry-after": "1" }), ROWS];
        const start = performance.now();
        await signIn(5000).services();
        assert.ok(performance.now() - start >= 990, String(performance.now() - start));
    });

    for (const wanted of ["3600", new Date(Date.now() + 3_600_000).toUTCString()])
        it(`is given up in its time, and not after ${wanted}`, async () => {
            script[SERVICES] = [page(503, { "retry-after": wanted })];
            const start = performance.now();
            const { message, status } = await faultOf(signIn(300).services());
            assert.equal(message, "Cinder: GET /os-services: HTTP 503: Busy Maintenance");
            assert.equal(status, 503);
            assert.equal(countOf(SERVICES), 2);
            const took = performance.now() - start;
            assert.ok(took >= 290 && took < 2000, String(took));
        });

    it("that is dead is not waited for at the sign-in and once more after it", async () => {
        script[SIGN_IN] = [page(429)];
        assert.match(
            (await faultOf(signIn(0).services())).message,
            /^Keystone at .* does not answer: HTTP 429/,
        );
        script[SIGN_IN] = [page(503)];
        const start = performance.now();
        const { message } = await faultOf(signIn(300).services());
        assert.equal(message, `Keystone at ${base} does not answer: HTTP 503: Busy Maintenance`);
        const took = performance.now() - start;
        assert.ok(took >= 290 && took < 590, String(took));
    });

    for (const status of [401, 403, 404])
        it(`is told of credentials that are refused with HTTP ${String(status)}, at once`, async () => {
            script[SIGN_IN] = [page(status)];
            const { message } = await faultOf(signIn().services());
            assert.match(message, /refused the credentials: HTTP 40/);
            assert.equal(countOf(SIGN_IN), 1);
        });

    it("says what came instead of JSON, and nothing of half an answer", async () => {
        const api = signIn(0);
        const asked = async (...replies: Reply[]): Promise<OpenStackError> => {
            script[SERVICES] = replies;
            const error = await faultOf(api.services());
            assert.equal(error.status, undefined);
            assert.ok(error.isAway);
            return error;
        };
        assert.equal(
            (await asked(page(200))).message,
            "Cinder: GET /os-services: no JSON, but text/html of 54 characters: Busy Maintenance",
        );
        const { message } = await asked({
            status: 200,
            body: '{"attachments": [{"auth_password": "s3cret',
            headers: { "content-type": "application/json" },
        });
        assert.equal(
            message,
            "Cinder: GET /os-services: no JSON, but application/json of 42 characters",
        );
        const long = await asked({ status: 200, body: `\u001b[2J\r${"x".repeat(5000)}` });
        assert.match(long.message, /: no JSON, but an answer of no type .*: \\u001b\[2J x+$/);
        assert.ok(long.message.length < 350);
        script[SIGN_IN] = [page(200)];
        const { message: ofKeystone } = await faultOf(signIn(0).services());
        assert.equal(
            ofKeystone,
            `Keystone at ${base}: no JSON, but text/html of 54 characters: Busy Maintenance`,
        );
    });

    it("is given an order again that nobody took, where two do no harm", async () => {
        const orders: [line: string, give: (api: Cinder) => Promise<void>][] = [
            ["PUT /v3/os-services/thaw", (api) => api.service("thaw", "a@ceph")],
            ["PUT /v3/clusters/enable", (api) => api.enableCluster("dr@ceph")],
            ["POST /v3/volumes/v/action", (api) => api.resetStatus("volumes", "v", "in-use")],
        ];
        for (const [line, give] of orders)
            for (const [status, count] of [
                [429, 2],
                [503, 2],
                [502, 1],
                [504, 1],
            ] as const) {
                seen = [];
                script = { [SIGN_IN]: [token()], [line]: [page(status), json(202, {})] };
                await give(signIn()).catch((error: unknown) => {
                    assert.ok(error instanceof OpenStackError && count === 1, String(error));
                });
                assert.equal(countOf(line), count, `${line} ${String(status)}`);
            }
    });

    it("is given no other order twice", async () => {
        const line = "PUT /v3/os-services/failover_host";
        script[line] = [page(503), json(202, {})];
        assert.equal((await faultOf(signIn().failoverHost("a@ceph", "lyon"))).status, 503);
        assert.equal(countOf(line), 1);
    });

    it("takes a host for living where a proxy was busy for a moment, and asks a slow one once", async () => {
        const line = "GET /v3/capabilities/a%40ceph";
        const never = new AbortController().signal;
        for (const [first, lives, count] of [
            [page(503), true, 2],
            // Cinder's word for a service that does not answer it (RPCTimeout).
            [page(502), false, 1],
            [page(504), false, 1],
        ] as const) {
            seen = [];
            script[line] = [first, json(200, { properties: {} })];
            assert.equal(await signIn().answers("a@ceph", never), lives);
            assert.equal(countOf(line), count);
        }
    });

    it("is not waited for any more once the caller has enough", async () => {
        script["GET /v3/capabilities/a%40ceph"] = [page(503)];
        const start = performance.now();
        assert.equal(await signIn().answers("a@ceph", AbortSignal.timeout(200)), false);
        assert.ok(performance.now() - start < 2000);
    });
});
