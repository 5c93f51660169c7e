import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { Cinder, OpenStackError } from "../../operations/cinder";
import { findCloud } from "../../operations/cloud";

const PASSWORD = "s3cret-of-the-cloud";

interface Reply {
    status: number;
    body?: unknown;
    headers?: Record<string, string>;
}

/** `METHOD path` without its query, to the replies of its calls in turn; the last one stays. */
type Script = Record<string, Reply[]>;

describe("Cinder's API", () => {
    let server: Server;
    let base = "";
    let script: Script = {};
    let seen: { line: string; headers: IncomingMessage["headers"]; body: unknown }[] = [];
    let cinder: Cinder | undefined;

    const catalog = (...endpoints: object[]) => ({
        token: { catalog: [{ type: "block-storage", endpoints }] },
    });
    const endpoint = (more: object = {}) => ({
        interface: "public",
        region_id: "one",
        url: `${base}/v3/p/`,
        ...more,
    });
    const token = (id: string, body: object = catalog(endpoint())): Reply => ({
        status: 201,
        body,
        headers: { "x-subject-token": id },
    });

    const signIn = (env: NodeJS.ProcessEnv = {}): Cinder =>
        (cinder = new Cinder(
            findCloud({
                OS_AUTH_URL: `${base}/v3/`,
                OS_USERNAME: "u",
                OS_PASSWORD: PASSWORD,
                OS_PROJECT_NAME: "p",
                ...env,
            }),
            0,
        ));
    const faultOf = async (ask: Promise<unknown>): Promise<OpenStackError> => {
        const error: unknown = await ask.then(
            () => "no fault",
            (e: unknown) => e,
        );
        assert.ok(error instanceof OpenStackError, String(error));
        assert.ok(!`${error.stack ?? ""}${JSON.stringify(error)}`.includes(PASSWORD));
        return error;
    };

    before(async () => {
        server = createServer((request, response) => {
            const chunks: Buffer[] = [];
            request.on("data", (chunk: Buffer) => chunks.push(chunk));
            request.on("end", () => {
                const path = (request.url ?? "").split("?")[0] ?? "";
                const line = `${request.method ?? ""} ${path}`;
                const text = Buffer.concat(chunks).toString();
                seen.push({
                    line: `${request.method ?? ""} ${request.url ?? ""}`,
                    headers: request.headers,
                    body: text === "" ? undefined : JSON.parse(text),
                });
                const replies = script[line] ?? [{ status: 501, body: `no script for ${line}` }];
                const reply = replies.length > 1 ? replies.shift() : replies[0];
                response.writeHead(reply?.status ?? 500, reply?.headers);
                const body = reply?.body;
                response.end(
                    typeof body === "string"
                        ? body
                        : body === undefined
                          ? ""
                          : JSON.stringify(body),
                );
            });
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    beforeEach(() => {
        seen = [];
        script = { "POST /v3/auth/tokens": [token("t1")] };
    });
    afterEach(async () => {
        await cinder?.close();
        cinder = undefined;
    });
    after(() => {
        server.close();
    });

    const TYPES = { status: 200, body: { volume_types: [{ id: "1", name: "replicated" }] } };

    it("is signed in to once, with the token sent from then on", async () => {
        script["GET /v3/p/types"] = [TYPES];
        const api = signIn();
        assert.deepEqual(await api.volumeTypes(), [{ id: "1", name: "replicated" }]);
        await api.volumeTypes();
        assert.deepEqual(
            seen.map((s) => s.line),
            [
                "POST /v3/auth/tokens",
                "GET /v3/p/types?is_public=None",
                "GET /v3/p/types?is_public=None",
            ],
        );
        assert.deepEqual(seen[0]?.body, {
            auth: {
                identity: {
                    methods: ["password"],
                    password: {
                        user: { name: "u", domain: { name: "Default" }, password: PASSWORD },
                    },
                },
                scope: { project: { name: "p", domain: { name: "Default" } } },
            },
        });
        assert.equal(seen.at(1)?.headers["x-auth-token"], "t1");
        assert.equal(seen.at(1)?.headers["openstack-api-version"], "volume 3.5");
    });

    it("is signed in to again when the token has expired", async () => {
        script["POST /v3/auth/tokens"] = [token("t1"), token("t2")];
        const long = "x".repeat(500_000);
        script["GET /v3/p/types"] = [{ status: 401, body: long }, TYPES];
        const api = signIn();
        assert.equal((await api.volumeTypes()).length, 1);
        assert.equal(seen.at(-1)?.headers["x-auth-token"], "t2");
        const start = performance.now();
        await api.close();
        assert.ok(performance.now() - start < 2000, "the first answer is still held");
        cinder = undefined;
    });

    it("is not signed in to for ever", async () => {
        script["GET /v3/p/types"] = [
            { status: 401, body: { unauthorized: { message: "expired" } } },
        ];
        const error = await faultOf(signIn().volumeTypes());
        assert.equal(error.message, "Cinder: GET /types: HTTP 401: expired");
        assert.equal(seen.length, 4);
    });

    it("is signed in to again after Keystone was away", async () => {
        script["POST /v3/auth/tokens"] = [{ status: 503, body: "away" }, token("t1")];
        script["GET /v3/p/types"] = [TYPES];
        const api = signIn();
        assert.equal((await faultOf(api.volumeTypes())).status, 503);
        assert.equal((await api.volumeTypes()).length, 1);
    });

    it("is told from another by its id in the catalog and its region, whatever URL leads there", async () => {
        const both = (url: string) => [endpoint({ url }), endpoint({ url, region_id: "two" })];
        const of = async (service: object, env?: NodeJS.ProcessEnv) => {
            const body = { token: { catalog: [{ type: "block-storage", ...service }] } };
            script["POST /v3/auth/tokens"] = [token("t1", body)];
            return signIn(env).identity();
        };
        const at = (name: string) => ({ OS_REGION_NAME: name });
        const [a, b] = [both(`${base}/a`), both(`${base}/b`)];
        assert.equal(await of({ id: "3f0c", endpoints: a }, at("one")), "3f0c/one");
        assert.equal(await of({ id: "3f0c", endpoints: b }, at("two")), "3f0c/two");
        const old = endpoint({ region_id: undefined, region: "one" });
        assert.equal(await of({ id: "3f0c", endpoints: [old] }), "3f0c/one");
        // No Keystone that hides it is known; its own URL is all there is then.
        assert.equal(await of({ endpoints: both(base) }, at("one")), `${base}/one`);
    });

    it("is known for good once it was signed in to", async () => {
        script["POST /v3/auth/tokens"] = [token("t1"), { status: 503, body: "away" }];
        script["GET /v3/p/types"] = [{ status: 401 }];
        const api = signIn();
        const identity = await api.identity();
        assert.deepEqual(
            seen.map((s) => s.line),
            ["POST /v3/auth/tokens"],
        );
        assert.equal((await faultOf(api.volumeTypes())).status, 503);
        assert.equal(await api.identity(), identity);
    });

    it("is asked for volumes of all projects page by page", async () => {
        script["GET /v3/p/volumes/detail"] = [
            { status: 200, body: { volumes: [{ id: "v1" }, { id: "v2" }] } },
            { status: 200, body: { volumes: [{ id: "v3" }] } },
            { status: 200, body: { volumes: [] } },
        ];
        const volumes = await signIn().allVolumes();
        assert.deepEqual(
            volumes.map((v) => v.id),
            ["v1", "v2", "v3"],
        );
        assert.deepEqual(
            seen.slice(1).map((s) => s.line.split("?")[1]),
            [
                "all_tenants=1&limit=1000",
                "all_tenants=1&limit=1000&marker=v2",
                "all_tenants=1&limit=1000&marker=v3",
            ],
        );
    });

    it("is asked for the attachments of one server alone, of any project", async () => {
        script["GET /v3/p/attachments/detail"] = [
            { status: 200, body: { attachments: [{ id: "a1" }] } },
            { status: 200, body: { attachments: [] } },
        ];
        assert.deepEqual(await signIn().attachmentsOf("s1"), [{ id: "a1" }]);
        assert.deepEqual(
            seen.slice(1).map((s) => s.line.split("?")[1]),
            [
                "all_tenants=1&limit=1000&instance_id=s1",
                "all_tenants=1&limit=1000&instance_id=s1&marker=a1",
            ],
        );
        assert.equal(seen.at(-1)?.headers["openstack-api-version"], "volume 3.27");
    });

    it("has no volume where it answers 404, and nothing to delete there", async () => {
        const gone = {
            status: 404,
            body: { itemNotFound: { message: "Volume v could not be found." } },
        };
        Object.assign(script, { "GET /v3/p/volumes/v": [gone], "DELETE /v3/p/volumes/v": [gone] });
        const api = signIn();
        assert.equal(await api.volume("v"), undefined);
        await api.deleteVolume("v");
    });

    it("makes, finds and deletes volumes, and gives their messages", async () => {
        Object.assign(script, {
            "POST /v3/p/volumes": [{ status: 202, body: { volume: { id: "v" } } }],
            "GET /v3/p/volumes/detail": [{ status: 200, body: { volumes: [{ id: "v" }] } }],
            "DELETE /v3/p/volumes/v": [{ status: 202 }],
            "GET /v3/p/messages": [
                { status: 200, body: { messages: [{ user_message: "no\r\n`valid` backend" }] } },
            ],
        });
        const api = signIn();
        const volume = {
            name: "n",
            description: "d",
            size: 1,
            volume_type: "t",
            metadata: { a: "b" },
        };
        assert.deepEqual(await api.createVolume(volume), { id: "v" });
        assert.deepEqual(seen.at(-1)?.body, { volume });
        assert.deepEqual(await api.volumesWith("a", "b"), [{ id: "v" }]);
        assert.equal(
            decodeURIComponent(seen.at(-1)?.line ?? ""),
            "GET /v3/p/volumes/detail?metadata={'a':'b'}",
        );
        await api.deleteVolume("v");
        assert.deepEqual(await api.messagesOf("v"), [
            "no\\u000d\\u000a\\u0060valid\\u0060 backend",
        ]);
    });

    const refusals: [what: string, reply: Reply, message: string][] = [
        [
            "OpenStack's own error",
            { status: 400, body: { badRequest: { code: 400, message: "Invalid type." } } },
            "HTTP 400: Invalid type.",
        ],
        [
            "a proxy's page",
            { status: 502, body: "<html><h1>Bad\n Gateway</h1></html>" },
            "HTTP 502: Bad Gateway",
        ],
        ["JSON of another form", { status: 500, body: "{}" }, "HTTP 500: {}"],
    ];
    for (const [what, reply, message] of refusals)
        it(`fails with ${what}`, async () => {
            script["DELETE /v3/p/volumes/v"] = [reply];
            const error = await faultOf(signIn().deleteVolume("v"));
            assert.equal(error.message, `Cinder: DELETE /volumes/v: ${message}`);
            assert.equal(error.status, reply.status);
        });

    it("fails for credentials that Keystone refuses, without showing them", async () => {
        script["POST /v3/auth/tokens"] = [
            {
                status: 401,
                body: {
                    error: {
                        code: 401,
                        message: "The request you have made requires authentication.",
                    },
                },
            },
        ];
        const { message } = await faultOf(signIn().volumeTypes());
        assert.equal(
            message,
            `Keystone at ${base} refused the credentials: HTTP 401: The request you have made requires authentication.`,
        );
    });

    it("fails for a server that is not there, without showing the credentials", async () => {
        const gone = createServer().listen(0, "127.0.0.1");
        await once(gone, "listening");
        const { port } = gone.address() as AddressInfo;
        gone.close();
        await once(gone, "close");
        const { message, isUntaken } = await faultOf(
            signIn({ OS_AUTH_URL: `http://127.0.0.1:${port}` }).volumeTypes(),
        );
        assert.ok(isUntaken);
        assert.equal(
            message,
            `Keystone at http://127.0.0.1:${port} does not answer: connect ECONNREFUSED 127.0.0.1:${port}`,
        );
    });

    describe("is found in the catalog", () => {
        const choices: [
            what: string,
            env: NodeJS.ProcessEnv,
            endpoints: () => object[],
            path: string,
        ][] = [
            [
                "by interface",
                { OS_INTERFACE: "internalURL" },
                () => [endpoint(), endpoint({ interface: "internal", url: `${base}/in` })],
                "/in",
            ],
            [
                "by region",
                { OS_REGION_NAME: "two" },
                () => [endpoint(), endpoint({ region_id: "two", url: `${base}/two` })],
                "/two",
            ],
            [
                "by an old catalog's region",
                { OS_REGION_NAME: "two" },
                () => [endpoint({ region_id: undefined, region: "two", url: `${base}/old` })],
                "/old",
            ],
        ];
        for (const [what, env, endpoints, path] of choices)
            it(what, async () => {
                script["POST /v3/auth/tokens"] = [token("t", catalog(...endpoints()))];
                script[`GET ${path}/types`] = [TYPES];
                assert.equal((await signIn(env).volumeTypes()).length, 1);
            });

        it("by its old service type", async () => {
            script["POST /v3/auth/tokens"] = [
                token("t", { token: { catalog: [{ type: "volumev3", endpoints: [endpoint()] }] } }),
            ];
            script["GET /v3/p/types"] = [TYPES];
            assert.equal((await signIn().volumeTypes()).length, 1);
        });

        it("or fails where it is in several regions and none is chosen", async () => {
            const second = endpoint({ region_id: undefined, region: "two", url: `${base}/two` });
            script["POST /v3/auth/tokens"] = [token("t", catalog(endpoint(), second))];
            assert.equal(
                (await faultOf(signIn().volumeTypes())).message,
                "the cloud's catalog has Cinder in several regions (one, two): choose one by OS_REGION_NAME, or as region_name in clouds.yaml",
            );
            assert.equal(seen.length, 1);
        });

        it("or fails with what was looked for", async () => {
            const { message } = await faultOf(signIn({ OS_REGION_NAME: "three" }).volumeTypes());
            assert.equal(
                message,
                "the cloud's catalog has no public block-storage endpoint in region 'three'",
            );
            script["POST /v3/auth/tokens"] = [token("t", { token: {} })];
            assert.equal(
                (await faultOf(signIn().volumeTypes())).message,
                "the cloud's catalog has no public block-storage endpoint",
            );
        });
    });

    it("says of an answer that breaks off in its middle that there was none", async () => {
        const enough = new AbortController();
        const half = createServer((_, response) => {
            response.writeHead(200, { "x-subject-token": "t" });
            response.write('{"token": ');
            setTimeout(() => {
                enough.abort();
            }, 100);
        }).listen(0, "127.0.0.1");
        await once(half, "listening");
        const url = `http://127.0.0.1:${(half.address() as AddressInfo).port}`;
        script = {
            "POST /v3/auth/tokens": [token("t", catalog(endpoint({ url })))],
        };
        try {
            assert.equal(await signIn().answers("a@ceph", enough.signal), false);
        } finally {
            half.closeAllConnections();
            half.close();
        }
    });

    it("takes a host for living only where its driver has properties to tell", async () => {
        const never = new AbortController().signal;
        const path = "GET /v3/p/capabilities/a%40ceph";
        for (const [reply, lives] of [
            [{ status: 200, body: { properties: { qos: {} } } }, true],
            [{ status: 200, body: { properties: null } }, false],
            [{ status: 502, body: {} }, false],
            [{ status: 403, body: {} }, undefined],
        ] as const) {
            script = { "POST /v3/auth/tokens": [token("t")], [path]: [reply] };
            assert.equal(await signIn().answers("a@ceph", never), lives);
            await cinder?.close();
        }
        script = { "POST /v3/auth/tokens": [token("t")], [path]: [{ status: 200, body: {} }] };
        assert.equal(await signIn().answers("a@ceph", AbortSignal.abort()), false);
    });
});
