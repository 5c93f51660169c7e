import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import fc from "fast-check";

import { renderStanza } from "../../../core/cinderConf";
import { checkTopology, parseTopology, type Backend } from "../../../core/topology";
import { uuid, withValue } from "../../support/topology";

/** Debian's Python, which has Debian's oslo.config; another one may stand before it on the PATH. */
const PYTHON = "/usr/bin/python3";

const parsed = (texts: string[]): unknown[] =>
    JSON.parse(
        execFileSync(PYTHON, [join(__dirname, "parse.py")], {
            input: JSON.stringify(texts),
            encoding: "utf8",
        }),
    ) as unknown[];

const backendWith = (options: Record<string, string>): Backend => {
    const [backend] = parseTopology(withValue("backends/ceph/options", options)).backends;
    assert.ok(backend);
    return backend;
};

/** What the topology says, in the words of cinder.conf. */
const meant = ({ options, replicationDevice: device, ...backend }: Backend) => ({
    volume_driver: "cinder.volume.drivers.rbd.RBDDriver",
    volume_backend_name: backend.volumeBackendName,
    rbd_cluster_name: backend.clusterName,
    rbd_ceph_conf: backend.conf,
    rbd_pool: backend.pool,
    rbd_user: backend.user,
    rbd_secret_uuid: backend.secretUuid,
    rados_connect_timeout: String(backend.radosConnectTimeoutSeconds),
    replication_connect_timeout: String(backend.replicationConnectTimeoutSeconds),
    ...options,
    replication_device: [
        {
            backend_id: device.backendId,
            conf: device.conf,
            user: device.user,
            secret_uuid: device.secretUuid,
        },
    ],
});

const isAccepted = (path: string, value: unknown) =>
    checkTopology(withValue(path, value)).length === 0;

/** Many values in one Python process; each starts one. */
const many = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: 100, maxLength: 100 });
const RUNS = { numRuns: 6, interruptAfterTimeLimit: 30_000 };

describe("oslo.config reads back from a rendered section", () => {
    const marked = [
        "#x",
        ";x",
        "[x]",
        "=x",
        ":x",
        "a#b",
        "a # b",
        "a;b",
        "a=b",
        "a:b",
        "a,b",
        "$x",
        "$$",
        "$$x",
        "${x}",
        "$x.y",
        "a$",
        "$",
        "%(x)s",
        "%",
        "\\",
        "a\\",
        "\\n",
        `a"`,
        `"a`,
        `"a" b`,
        `'a"`,
        "it's",
        "{'a': 1}",
        "é",
        "\u00a0a\u00a0b",
        "日本",
        "😀",
        "",
        "-",
        "a  b",
        "~",
        "None",
        "true",
    ];
    it("each marked value as it was typed", () => {
        const values = marked.filter((value) =>
            isAccepted("backends/ceph/options", { rbd_x: value }),
        );
        const refused = marked.filter((value) => !values.includes(value));
        assert.deepEqual(refused, ["\u00a0a\u00a0b"]);
        const backends = values.map((value) => backendWith({ rbd_x: value }));
        assert.deepEqual(parsed(backends.map(renderStanza)), backends.map(meant));
    });

    it("any option that the topology accepts", () => {
        const text = fc
            .oneof(
                fc.string({ unit: "grapheme" }),
                fc.string({ unit: fc.constantFrom(..."$\\'\"#;:=,[]{}%. ax") }),
            )
            .filter((value) => isAccepted("backends/ceph/options", { rbd_x: value }));
        fc.assert(
            fc.property(many(text), (values) => {
                const backends = values.map((value) =>
                    backendWith({ rbd_x: value, rbd_y: "last" }),
                );
                assert.deepEqual(parsed(backends.map(renderStanza)), backends.map(meant));
            }),
            RUNS,
        );
    });

    it("any device that the topology accepts", () => {
        const form = (path: string, pattern: RegExp) =>
            fc
                .stringMatching(pattern)
                .filter((value) => isAccepted(`backends/ceph/${path}`, value));
        const device = fc.record({
            backendId: form("replicationDevice/backendId", /^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/),
            conf: form(
                "replicationDevice/conf",
                /^\/[A-Za-z0-9._@+-]{1,20}\/[A-Za-z0-9._@+-]{1,20}$/,
            ),
            user: form("replicationDevice/user", /^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/),
            secretUuid: fc.integer({ min: 2, max: 99 }).map(uuid),
        });
        fc.assert(
            fc.property(many(device), (devices) => {
                const backends = devices.map((d) => {
                    const [backend] = parseTopology(
                        withValue("backends/ceph/replicationDevice", d),
                    ).backends;
                    assert.ok(backend);
                    return backend;
                });
                assert.deepEqual(parsed(backends.map(renderStanza)), backends.map(meant));
            }),
            RUNS,
        );
    });

    it("nothing but what is refused: each refusal of a text has its reason in oslo.config", () => {
        const refused = [`"a"`, `'`, "a\\$b", "a\nb", " a"];
        for (const value of refused)
            assert.ok(!isAccepted("backends/ceph/options", { rbd_x: value }));
        const raw = refused.map((value) => ({ ...backendWith({}), options: { rbd_x: value } }));
        for (const [i, seen] of parsed(raw.map(renderStanza)).entries())
            assert.notDeepEqual(
                seen,
                raw.map(meant)[i],
                `oslo.config reads ${JSON.stringify(refused[i])} as typed`,
            );
    });
});
