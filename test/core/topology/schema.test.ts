import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import Ajv2020 from "ajv/dist/2020";
import { parse } from "yaml";

import { checkTopology, CONFIG_KEY, topologyJsonSchema } from "../../../core/topology";
import { goodTopology, HOST_KEY, withValue } from "../../support/topology";
import { SCHEMA_FILE, schemaText } from "../../support/writeTopologySchema";

const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(
    topologyJsonSchema(),
);

const stackFile = (topology: unknown) => ({
    config: { "cinder-dr:topology": topology, "openstack:cloud": "lab" },
    encryptionsalt: "v1:x",
});

describe("the topology's JSON Schema", () => {
    it("is committed as it is generated (else: npm run schema)", () => {
        assert.equal(readFileSync(SCHEMA_FILE, "utf8"), schemaText());
    });

    const right: [string, unknown][] = [
        ["release", "zed"],
        ["release", 21],
        [
            "hosts/cinder-b",
            { address: "::1", hostKey: HOST_KEY, service: { systemd: { unit: "x" } } },
        ],
        ["backends/ceph/options", { report_discard_supported: true, rbd_max_clone_depth: 5 }],
        ["rollout", { canary: 2, batch: "all" }],
    ];
    for (const [path, value] of right)
        it(`accepts ${path} ${JSON.stringify(value)}, alone and in a stack's file`, () => {
            const topology = withValue(path, value);
            assert.ok(validate(topology), JSON.stringify(validate.errors));
            assert.ok(validate(stackFile(topology)), JSON.stringify(validate.errors));
        });

    const wrong: [string, unknown][] = [
        ["", "text"],
        ["sites", undefined],
        ["sites/secondary", undefined],
        ["sites/tertiary", goodTopology().sites.primary],
        ["backends/ceph/pool", undefined],
        ["backends/ceph/pool", "a b"],
        ["backends/ceph/rbd_pool", "volumes"],
        ["backends/ceph/imageMode", "snapshot"],
        ["backends/ceph/radosConnectTimeoutSeconds", 0],
        ["backends/ceph/replicationDevice/backendId", ""],
        ["backends/ceph/replicationDevice/secretUuid", "x"],
        ["hosts/cinder-a/hostKey", undefined],
        ["hosts/cinder-a/port", 70000],
        ["hosts/a b", { hostKey: HOST_KEY }],
        ["hosts/cinder-a/site", "paris"],
        ["hosts/cinder-a/service/container", { engine: "lxc" }],
        ["rollout/batch", "some"],
    ];
    for (const [path, value] of wrong)
        it(`refuses ${path || "the whole"} ${value === undefined ? "left out" : JSON.stringify(value)}, alone and in a stack's file`, () => {
            const topology = withValue(path, value);
            assert.ok(!validate(topology));
            assert.ok(!validate(stackFile(topology)));
        });

    it("accepts the committed example, and so does the program", () => {
        const file = join(__dirname, "../../../examples/two-site/Pulumi.two-site.yaml");
        const stack = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
        assert.ok(validate(stack), JSON.stringify(validate.errors));
        assert.deepEqual(checkTopology(stack.config[CONFIG_KEY]), []);
    });

    it("leaves a stack's file without a topology alone", () => {
        assert.ok(validate({ config: { "openstack:cloud": "lab" } }));
    });
});
