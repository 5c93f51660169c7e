import assert from "node:assert/strict";

import fc from "fast-check";

import { ProblemsError } from "../../../core/problem";
import { checkTopology, parseTopology } from "../../../core/topology";
import { goodTopology, HOST_KEY, uuid, withValue } from "../../support/topology";

const PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n";
const CEPHX_KEY = "AQBh2JdmAAAAABAAJ1l0aQ0h1mFfUZyQGxq4Xw==";

describe("a topology", () => {
    it("has every default filled in", () => {
        const connection = { port: 22, user: "root", hostKey: HOST_KEY };
        const site = {
            clusterName: "ceph",
            conf: "/etc/ceph/ceph.conf",
            cephUser: "admin",
            commandPrefix: [],
            python: "/usr/bin/python3",
            rbdMirror: { hosts: [], healthSeconds: 120 },
        };
        assert.deepEqual(parseTopology(goodTopology()), {
            sites: {
                primary: {
                    name: "paris",
                    ...site,
                    adminHost: { ...connection, address: "192.0.2.1" },
                },
                secondary: {
                    name: "lyon",
                    ...site,
                    adminHost: { ...connection, address: "192.0.2.2" },
                },
            },
            backends: [
                {
                    section: "ceph",
                    volumeBackendName: "ceph",
                    pool: "volumes",
                    user: "cinder",
                    clusterName: "ceph",
                    conf: "/etc/ceph/ceph.conf",
                    keyring: "/etc/ceph/ceph.client.cinder.keyring",
                    secretUuid: uuid(1),
                    radosConnectTimeoutSeconds: 5,
                    replicationConnectTimeoutSeconds: 5,
                    otherHosts: [],
                    options: {},
                    replicationDevice: {
                        backendId: "secondary",
                        conf: "/etc/ceph/secondary.conf",
                        user: "cinder",
                        keyring: "/etc/ceph/secondary.client.cinder.keyring",
                        secretUuid: uuid(2),
                    },
                },
            ],
            hosts: [
                {
                    name: "cinder-a",
                    connection: { ...connection, address: "cinder-a" },
                    backends: ["ceph"],
                    configFile: "/etc/cinder/cinder.conf",
                    python: "/usr/bin/python3",
                    serviceUser: "cinder",
                    service: { systemd: { unit: "cinder-volume" } },
                    skipChecks: [],
                    consent: {},
                },
            ],
            volumeTypes: [
                {
                    name: "replicated",
                    backend: "ceph",
                    volumeBackendName: "ceph",
                    isPublic: true,
                    projects: [],
                    extraSpecs: { volume_backend_name: "ceph", replication_enabled: "<is> True" },
                    protect: true,
                    retainOnDelete: false,
                },
            ],
            computes: [],
            rollout: { canary: 1, batch: 1, pauseSeconds: 0 },
            timeouts: { healthSeconds: 90, applySeconds: 300, targetSeconds: 20 },
        });
    });

    const accepted: [path: string, value: unknown][] = [
        ["release", "Zed"],
        ["release", 21],
        ["release", "2024.1"],
        ["sites/primary/commandPrefix", ["cephadm", "shell", "--"]],
        ["backends/ceph/imageMode", "journal"],
        ["backends/ceph/replicationDevice/pool", "volumes"],
        ["backends/ceph/options", { rbd_max_clone_depth: 1, report_discard_supported: true }],
        ["hosts/cinder-a/address", "2001:db8::1"],
        ["hosts/cinder-a/port", 2222],
        ["hosts/cinder-a/hostKey", `${HOST_KEY} root@cinder-a`],
        ["hosts/cinder-a/nextHostKey", `${HOST_KEY} root@cinder-a`],
        ["hosts/cinder-a/proxy", { address: "jump", hostKey: HOST_KEY }],
        ["hosts/cinder-a/service", { container: {} }],
        ["hosts/cinder-a/service", { container: { configFile: "/etc/cinder/cinder.conf" } }],
        [
            "hosts/cinder-a/service",
            { container: { unit: "kolla-cinder_volume-container.service" } },
        ],
        [
            "hosts/cinder-a/service",
            { commands: { restart: ["sv", "restart", "x"], status: ["true"] } },
        ],
        ["hosts/cinder-b", { address: "cinder-a", port: 2222, hostKey: HOST_KEY }],
        [
            "volumeTypes/replicated/extraSpecs",
            { replication_enabled: "<is> True", multiattach: "<is> False" },
        ],
        ["volumeTypes/replicated/projects", ["0a1b"]],
        ["volumeTypes/réplique", { backend: "ceph" }],
        ["rollout", { canary: 0, batch: "all" }],
    ];
    for (const [path, value] of accepted)
        it(`accepts ${path} ${JSON.stringify(value).slice(0, 70)}`, () => {
            assert.deepEqual(checkTopology(withValue(path, value)), []);
        });

    it("takes the SSH defaults of all hosts, and a host's own before them", () => {
        const ssh = { user: "ops", port: 2200, identityFile: "/keys/all" };
        const proxy = { address: "jump", hostKey: HOST_KEY, port: 22 };
        const topology = withValue(
            "ssh",
            ssh,
            withValue("hosts/cinder-a", { hostKey: HOST_KEY, user: "root", proxy }),
        );
        const [host] = parseTopology(topology).hosts;
        assert.deepEqual(host?.connection, {
            address: "cinder-a",
            port: 2200,
            user: "root",
            hostKey: HOST_KEY,
            identityFile: "/keys/all",
            proxy: {
                address: "jump",
                port: 22,
                user: "ops",
                hostKey: HOST_KEY,
                identityFile: "/keys/all",
            },
        });
    });

    it("makes a type with projects private", () => {
        const [type] = parseTopology(
            withValue("volumeTypes/replicated/projects", ["0a"]),
        ).volumeTypes;
        assert.equal(type?.isPublic, false);
    });

    it("is refused as a whole, with a line for each problem", () => {
        assert.throws(
            () => parseTopology(withValue("backends/ceph/pool", "a b", withValue("ssh/port", 0))),
            (error) =>
                error instanceof ProblemsError &&
                error.message ===
                    "topology: 2 problem(s)\n" +
                        "  ssh.port must be a port from 1 to 65535, got '0'\n" +
                        "  backends.ceph.pool must be a pool name of letters, digits, '_', '.' and '-', got 'a b'",
        );
    });

    const secretFields = [
        "hosts/cinder-a/hostKey",
        "backends/ceph/secretUuid",
        "ssh/identityFile",
        "hosts/cinder-a/service",
        "backends/ceph",
    ];
    for (const path of secretFields)
        it(`never shows a key typed as ${path}`, () => {
            for (const key of [PRIVATE_KEY, CEPHX_KEY])
                assert.throws(
                    () => parseTopology(withValue(path, key)),
                    ({ message }: Error) =>
                        message.includes("[secret]") &&
                        !message.includes("b3Blbn") &&
                        !message.includes("AQBh"),
                );
        });

    const texts = [
        "sites/primary/name",
        "sites/primary/conf",
        "sites/primary/cephUser",
        "backends/ceph/pool",
        "backends/ceph/user",
        "backends/ceph/conf",
        "backends/ceph/secretUuid",
        "backends/ceph/volumeBackendName",
        "backends/ceph/options/rbd_x",
        "backends/ceph/replicationDevice/backendId",
        "backends/ceph/replicationDevice/user",
        "backends/ceph/replicationDevice/conf",
        "hosts/cinder-a/address",
        "hosts/cinder-a/user",
        "hosts/cinder-a/hostKey",
        "hosts/cinder-a/python",
        "hosts/cinder-a/configFile",
        "hosts/cinder-a/serviceUser",
        "hosts/cinder-a/service/systemd/unit",
        "hosts/cinder-a/consent/unreachableTarget",
        "volumeTypes/replicated/description",
        "volumeTypes/replicated/extraSpecs/x",
    ];
    const nasty = fc.constantFrom(
        "\n",
        "\r",
        "\0",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\ud800",
        "\u0085",
        "\u001b",
    );
    for (const path of texts)
        it(`refuses line breaks, NUL, BOM and lone surrogates in ${path}, on one line`, () => {
            fc.assert(
                fc.property(fc.string(), nasty, fc.string(), (before, bad, after) => {
                    const problems = checkTopology(withValue(path, `a${before}${bad}${after}`));
                    assert.notDeepEqual(problems, []);
                    for (const { reason } of problems)
                        assert.doesNotMatch(reason, /[\p{Cc}\u2028\ufeff]/u);
                }),
                { numRuns: 40 },
            );
        });

    it("of a thousand hosts, ten thousand specs and a value of a megabyte is judged at once", () => {
        const hosts = Object.fromEntries(
            Array.from({ length: 1000 }, (_, i) => [`cinder-${i}`, { hostKey: HOST_KEY }]),
        );
        const extraSpecs = Object.fromEntries(
            Array.from({ length: 10_000 }, (_, i) => [`x${i}`, "y"]),
        );
        const big = withValue(
            "hosts",
            hosts,
            withValue("volumeTypes/replicated/extraSpecs", extraSpecs),
        );
        const huge = [
            "backends/ceph/conf",
            "hosts/cinder-a/address",
            "hosts/cinder-a/hostKey",
            "backends/ceph/options/x",
        ];
        const start = performance.now();
        assert.equal(parseTopology(big).hosts.length, 1000);
        for (const path of huge) {
            const [problem] = checkTopology(withValue(path, "/a".repeat(500_000)));
            assert.ok(problem !== undefined && problem.reason.length < 300);
        }
        assert.ok(performance.now() - start < 5000);
    });
});
