import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";

import * as pulumi from "@pulumi/pulumi";

import {
    CinderDisasterRecovery,
    CinderHost,
    parseTopology,
    ReplicatedVolumeType,
} from "../../components";
import { connectionArgs } from "../../components/connection";
import { renderStanza } from "../../core/cinderConf";
import { hostRequest } from "../../core/hostRequest";
import { goodTopology, HOST_KEY, withValue } from "../support/topology";
import { declaredBy, isKnown, valueOf, type Declared } from "../support/mocks";

const COMMAND = "command:remote:Command";
const TYPE = "openstack:blockstorage/volumeTypeV3:VolumeTypeV3";
const ACCESS = "openstack:blockstorage/volumeTypeAccessV3:VolumeTypeAccessV3";
const KEY_TEXT = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";

const recovery = (topology: unknown) => () =>
    new CinderDisasterRecovery("dr", { topology: topology as ReturnType<typeof goodTopology> });
const one = (declared: Declared[], type: string, name?: string): Declared => {
    const found = declared.filter(
        (d) => d.type.endsWith(type) && (name === undefined || d.name === name),
    );
    assert.equal(found.length, 1, `one ${type} ${name ?? ""}`);
    return found[0] as Declared;
};

describe("CinderDisasterRecovery", () => {
    for (const preview of [false, true])
        it(`declares backends, hosts and types${preview ? ", the same in a first preview" : ""}`, async () => {
            const declared = await declaredBy(recovery(goodTopology()), { preview });
            assert.deepEqual(
                declared.map(({ type, name, parent }) => `${type} ${name} < ${parent}`).sort(),
                [
                    "cinder-dr:index:CinderBackend ceph < cinder-dr:index:CinderDisasterRecovery dr",
                    "cinder-dr:index:CinderDisasterRecovery dr < ",
                    "cinder-dr:index:CinderHost cinder-a < cinder-dr:index:CinderDisasterRecovery dr",
                    "cinder-dr:index:ReplicatedVolumeType replicated < cinder-dr:index:CinderDisasterRecovery dr",
                    `${COMMAND} cinder-a < cinder-dr:index:CinderHost cinder-a`,
                    `${TYPE} replicated < cinder-dr:index:ReplicatedVolumeType replicated`,
                ],
            );
        });

    it("knows ids and hosts after an update, and not before", async () => {
        for (const preview of [false, true]) {
            let dr: CinderDisasterRecovery | undefined;
            await declaredBy(() => (dr = recovery(goodTopology())()), { preview });
            assert.ok(dr);
            assert.equal(await isKnown(dr.volumeTypeIds), !preview);
            assert.equal(await isKnown(dr.hosts), !preview);
            if (preview) continue;
            assert.deepEqual(await valueOf(dr.volumeTypeIds), { replicated: "id-of-replicated" });
            assert.deepEqual(await valueOf(dr.hosts), ["cinder-a"]);
        }
    });

    it("shows a reviewer the rendered section at the backend and at each host that serves it", async () => {
        const topology = withValue("hosts/cinder-a/backends", ["ceph"], {
            ...goodTopology(),
            backends: {
                ...goodTopology().backends,
                fast: { ...goodTopology().backends.ceph, pool: "fast" },
            },
            hosts: { ...goodTopology().hosts, "cinder-b": { hostKey: HOST_KEY } },
        });
        const [ceph, fast] = parseTopology(topology).backends.map(renderStanza);
        const declared = await declaredBy(recovery(topology));
        assert.equal(one(declared, "CinderBackend", "fast").inputs.stanza, fast);
        assert.deepEqual(one(declared, "CinderHost", "cinder-a").inputs.stanzas, { ceph });
        assert.deepEqual(one(declared, "CinderHost", "cinder-b").inputs.stanzas, { ceph, fast });
    });

    it("pushes wave after wave, and makes a type when the hosts of its backend replicate", async () => {
        const hosts = Object.fromEntries([..."abcde"].map((name) => [name, { hostKey: HOST_KEY }]));
        const declared = await declaredBy(
            recovery({ ...goodTopology(), hosts, rollout: { canary: 1, batch: 2 } }),
        );
        const waits = (type: string, name: string) =>
            one(declared, type, name)
                .dependsOn.map((d) => d.replace(`${COMMAND} `, ""))
                .sort()
                .join("");
        assert.deepEqual(
            [..."abcde"].map((name) => waits("CinderHost", name)),
            ["", "a", "a", "bc", "bc"],
        );
        assert.equal(waits("ReplicatedVolumeType", "replicated"), "abcde");
    });

    for (const pushed of [false, true])
        it(`leaves a host that is named unreachable and was ${pushed ? "pushed" : "never pushed"}, and waits for none such`, async () => {
            let dr: CinderDisasterRecovery | undefined;
            const hosts = {
                a: { hostKey: HOST_KEY, unreachable: "burnt" },
                b: { hostKey: HOST_KEY },
            };
            const urn = `urn:pulumi:test::cinder-dr::cinder-dr:index:CinderDisasterRecovery$cinder-dr:index:CinderHost$${COMMAND}::a`;
            const declared = await declaredBy(
                () => (dr = recovery({ ...goodTopology(), hosts })()),
                // The engine is writing its checkpoint the first times it is read.
                { state: pushed ? { [urn]: {} } : {}, unreadable: 5 },
            );
            assert.ok(dr);
            assert.deepEqual(await valueOf(dr.hosts), ["b"]);
            assert.deepEqual(await valueOf(dr.notApplied), { a: "burnt" });
            assert.deepEqual(one(declared, "CinderHost", "b").dependsOn, []);
            assert.equal(one(declared, "CinderHost", "a").inputs.unreachable, "burnt");
            assert.deepEqual(
                declared
                    .filter(({ type }) => type === COMMAND)
                    .map(({ name, ignoreChanges }) => [name, ignoreChanges])
                    .sort(),
                pushed
                    ? [
                          ["a", ["*"]],
                          ["b", ["create"]],
                      ]
                    : [["b", ["create"]]],
            );
        });

    it("waits for no host that serves another backend", async () => {
        const topology = {
            ...goodTopology(),
            backends: {
                ...goodTopology().backends,
                fast: { ...goodTopology().backends.ceph, pool: "fast" },
            },
            hosts: {
                a: { hostKey: HOST_KEY, backends: ["ceph"] },
                b: { hostKey: HOST_KEY, backends: ["fast"] },
            },
        };
        const declared = await declaredBy(recovery(topology));
        assert.deepEqual(one(declared, "ReplicatedVolumeType").dependsOn, [`${COMMAND} a`]);
    });

    const refused: [what: string, topology: unknown, message: RegExp][] = [
        [
            "a wrong topology",
            withValue("backends/ceph/pool", ""),
            /^topology: 1 problem\(s\)\n {2}backends\.ceph\.pool must be a pool name/,
        ],
        [
            "no topology",
            undefined,
            /^topology: 1 problem\(s\)\n {2}must be a topology, got nothing$/,
        ],
        [
            "a key file that is not there, though another host has none",
            withValue("hosts/cinder-b", { hostKey: HOST_KEY, identityFile: "/nowhere/key" }),
            /^topology: 1 problem\(s\)\n {2}hosts\.cinder-b\.identityFile must be a readable private key, got '\/nowhere\/key' \(ENOENT\); leave it out to use the SSH agent$/,
        ],
    ];
    for (const [what, topology, message] of refused)
        it(`fails for ${what} before anything is declared, without a stack trace`, async () => {
            const declared = await declaredBy(() => {
                assert.throws(
                    recovery(topology),
                    (error: Error) =>
                        pulumi.RunError.isInstance(error) && message.test(error.message),
                );
            });
            assert.deepEqual(declared, []);
        });
});

describe("CinderHost", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-key-"));
    const identityFile = join(folder, "key");
    writeFileSync(identityFile, `-----BEGIN OPENSSH PRIVATE KEY-----\n${KEY_TEXT}\n`);
    after(() => {
        rmSync(folder, { recursive: true });
    });

    const PYTHON = `/usr/bin/python3 -I -c 'import sys; i = sys.stdin.buffer; exec(compile(i.read(int(i.readline())), "cinder-dr", "exec"))'`;

    it("is one command: everything else on stdin, nothing streamed, never replaced", async () => {
        const { inputs, additionalSecretOutputs, protect } = one(
            await declaredBy(recovery(goodTopology())),
            COMMAND,
        );
        const { connection, stdin, ...rest } = inputs;
        assert.deepEqual(rest, {
            create: `${PYTHON} apply`,
            update: `${PYTHON} apply`,
            delete: `${PYTHON} remove`,
            logging: "none",
            addPreviousOutputInEnv: false,
        });
        assert.deepEqual(connection, {
            host: "cinder-a",
            port: 22,
            user: "root",
            hostKey: HOST_KEY,
            dialErrorLimit: 2,
            perDialTimeout: 10,
        });
        assert.ok(
            additionalSecretOutputs.includes("stdout") &&
                additionalSecretOutputs.includes("stderr"),
        );
        assert.equal(protect, false);
        const script = readFileSync(join(__dirname, "../../host/apply.py"));
        const { hosts, backends, timeouts } = parseTopology(goodTopology());
        const [length, after] = splitAt(String(stdin), "\n");
        const [packed, request] = splitAt(after.slice(Number(length)), "\n");
        assert.match(after.slice(0, Number(length)), /^import base64, zlib; exec\(.*\)\n$/);
        assert.deepEqual(inflateSync(Buffer.from(packed, "base64")), script);
        assert.deepEqual(
            JSON.parse(request),
            JSON.parse(
                JSON.stringify({
                    ...hostRequest(hosts[0] as (typeof hosts)[0], backends, timeouts),
                    owner: "cinder-dr/test",
                }),
            ),
        );
    });

    it("is an update while its drift is recorded, and none when the record is empty again", async () => {
        const entry = {
            at: "2026-11-22T20:00:00.000Z",
            digest: "0123456789abcdef",
            repairs: ["cinder-volume"],
            byHand: [],
        };
        const declare = (drifted: Record<string, typeof entry>) =>
            declaredBy(() => {
                const topology = goodTopology();
                new CinderDisasterRecovery("dr", { topology, drift: { version: 1, drifted } });
            });
        const drifted = one(await declare({ "hosts.cinder-a": entry }), COMMAND);
        assert.equal(drifted.inputs.create, `: drift-0123456789abcdef; ${PYTHON} apply`);
        assert.equal(drifted.inputs.update, `${PYTHON} apply`);
        assert.deepEqual(drifted.ignoreChanges, []);
        const byHand = { ...entry, digest: undefined };
        for (const record of [{}, { "hosts.other": entry }, { "hosts.cinder-a": byHand }]) {
            const sound = one(await declare(record as Record<string, typeof entry>), COMMAND);
            assert.equal(sound.inputs.create, `${PYTHON} apply`);
            assert.deepEqual(sound.ignoreChanges, ["create"]);
        }
    });

    it("sends the request as a secret", async () => {
        const { plain } = one(await declaredBy(recovery(goodTopology())), COMMAND);
        assert.ok(plain.includes('"stdin":"[secret]"'), plain);
        assert.ok(plain.includes('"connection":"[secret]"'), plain);
    });

    it("uses sudo without a password for everybody but root", async () => {
        const { inputs } = one(
            await declaredBy(recovery(withValue("ssh/user", "deploy"))),
            COMMAND,
        );
        assert.equal(inputs.create, `sudo -n ${PYTHON} apply`);
        assert.equal(inputs.delete, `sudo -n ${PYTHON} remove`);
    });

    it("goes through a jump host, whose key is pinned too", async () => {
        const proxy = { address: "jump", hostKey: HOST_KEY, user: "ops", identityFile };
        const { inputs } = one(
            await declaredBy(recovery(withValue("hosts/cinder-a/proxy", proxy))),
            COMMAND,
        );
        assert.deepEqual((inputs.connection as { proxy: unknown }).proxy, {
            host: "jump",
            port: 22,
            user: "ops",
            hostKey: HOST_KEY,
            dialErrorLimit: 2,
            perDialTimeout: 10,
            privateKey: readFileSync(identityFile, "utf8"),
        });
    });

    for (const preview of [false, true])
        it(`shows no private key in any input${preview ? " of a preview" : ""}`, async () => {
            const declared = await declaredBy(
                recovery(withValue("ssh/identityFile", identityFile)),
                { preview },
            );
            const { connection } = one(declared, COMMAND).inputs;
            assert.equal(
                (connection as { privateKey: string }).privateKey,
                readFileSync(identityFile, "utf8"),
            );
            for (const { type, plain } of declared)
                assert.doesNotMatch(plain, new RegExp(`${KEY_TEXT}|privateKey|PRIVATE KEY`), type);
        });

    it("hands its key over as a secret", async () => {
        const [host] = parseTopology(withValue("ssh/identityFile", identityFile)).hosts;
        assert.ok(host);
        const { privateKey } = connectionArgs(host.connection);
        assert.ok(pulumi.Output.isInstance(privateKey));
        assert.ok(await pulumi.isSecret(pulumi.output(privateKey)));
    });

    it("alone fails for a missing key file before it is declared", async () => {
        const { hosts, backends, timeouts } = parseTopology(
            withValue("ssh/identityFile", "/nowhere/key"),
        );
        const declared = await declaredBy(() => {
            assert.throws(
                () =>
                    new CinderHost("a", {
                        host: hosts[0] as (typeof hosts)[0],
                        backends,
                        timeouts,
                    }),
                /identityFile must be a readable private key, got '\/nowhere\/key' \(ENOENT\)/,
            );
        });
        assert.deepEqual(declared, []);
    });
});

/** The text before the first mark, and all that follows it. */
const splitAt = (text: string, mark: string): [string, string] => {
    const at = text.indexOf(mark);
    return [text.slice(0, at), text.slice(at + mark.length)];
};

describe("ReplicatedVolumeType", () => {
    const args = { volumeBackendName: "ceph" };
    const declare = (more: object = {}) =>
        declaredBy(() => new ReplicatedVolumeType("gold", { ...args, ...more }));

    it("is public, named, exactly replicated and protected, and its specs are its identity", async () => {
        const type = one(await declare(), TYPE);
        assert.deepEqual(type.inputs, {
            name: "gold",
            isPublic: true,
            extraSpecs: { volume_backend_name: "ceph", replication_enabled: "<is> True" },
        });
        assert.equal(type.protect, true);
        assert.equal(type.retainOnDelete, false);
        assert.equal(type.deleteBeforeReplace, true);
        assert.deepEqual(type.replaceOnChanges, ["extraSpecs"]);
    });

    it("takes a name, a description, further specs and another end", async () => {
        const type = one(
            await declare({
                name: "g",
                description: "d",
                extraSpecs: { x: "y" },
                protect: false,
                retainOnDelete: true,
            }),
            TYPE,
        );
        assert.deepEqual(type.inputs, {
            name: "g",
            description: "d",
            isPublic: true,
            extraSpecs: { x: "y", volume_backend_name: "ceph", replication_enabled: "<is> True" },
        });
        assert.equal(type.protect, false);
        assert.equal(type.retainOnDelete, true);
    });

    it("with projects is private, with one access each", async () => {
        const declared = await declare({ projects: ["p1", "p2"] });
        assert.equal(one(declared, TYPE).inputs.isPublic, false);
        assert.deepEqual(
            declared
                .filter((d) => d.type === ACCESS)
                .map(({ name, parent, inputs }) => ({ name, parent, inputs })),
            ["p1", "p2"].map((projectId) => ({
                name: `gold-${projectId}`,
                parent: "cinder-dr:index:ReplicatedVolumeType gold",
                inputs: { projectId, volumeTypeId: "id-of-gold" },
            })),
        );
    });

    it("fails for a spec that switches replication off before it is declared", async () => {
        const declared = await declaredBy(() => {
            assert.throws(
                () =>
                    new ReplicatedVolumeType("gold", {
                        ...args,
                        extraSpecs: { replication_enabled: "<is> true", multiattach: "<is> True" },
                    }),
                ({ message }: Error) =>
                    message ===
                    "volume type: 2 problem(s)\n" +
                        "  extraSpecs.replication_enabled must be exactly '<is> True': any other spelling is silently not replicated, got '<is> true'\n" +
                        "  extraSpecs.multiattach must not be set: multiattach strips the journaling feature that replication needs",
            );
        });
        assert.deepEqual(declared, []);
    });
});

describe("the mocks", () => {
    it("fail for a resource that this project does not use", async () => {
        class Other extends pulumi.CustomResource {}
        await assert.rejects(
            declaredBy(() => new Other("aws:s3:Bucket", "x", {})),
            /no mock for aws:s3:Bucket 'x'/,
        );
    });
});
