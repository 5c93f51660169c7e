import assert from "node:assert/strict";

import { formatProblem } from "../../../core/problem";
import { checkTopology } from "../../../core/topology";
import { goodTopology, HOST_KEY, uuid, withValue } from "../../support/topology";

const refusals = (given: unknown): string[] => checkTopology(given).map(formatProblem);

const OTHER_BACKEND = { ...goodTopology().backends.ceph, pool: "fast" };
const RSA_KEY = `ssh-rsa ${Buffer.from("\0\0\0\x07ssh-rsa", "latin1").toString("base64")}`;

/** Path with `/`, value, what is said of it. */
type Row = [path: string, value: unknown, ...sentences: string[]];

const SHAPE: Row[] = [
    ["", undefined, "must be a topology, got nothing"],
    ["", "text", "must be a topology, got 'text'"],
    ["sites", undefined, "sites must be the two sites primary and secondary, got nothing"],
    ["sites/secondary", undefined, "sites.secondary must be a site: one Ceph cluster, got nothing"],
    ["sites/tertiary", {}, "sites.tertiary is unknown here; must be one of primary, secondary"],
    [
        "sites/primary/name",
        "",
        "sites.primary.name must be a site name of letters, digits, '_', '.' and '-', got ''",
    ],
    [
        "sites/primary/fsid",
        "1234",
        "sites.primary.fsid must be the cluster's fsid: a UUID in lower case, got '1234'",
    ],
    [
        "sites/primary/clusterName",
        "a b",
        "sites.primary.clusterName must be a Ceph cluster name of letters, digits, '_', '.' and '-', got 'a b'",
    ],
    [
        "sites/primary/conf",
        "ceph.conf",
        "sites.primary.conf must be the ceph.conf on the admin host: an absolute path of letters, digits and '._@+-', without '..', got 'ceph.conf'",
    ],
    [
        "sites/primary/cephUser",
        "client admin",
        "sites.primary.cephUser must be a Ceph user without 'client.' of letters, digits, '_', '.' and '-', got 'client admin'",
    ],
    [
        "sites/primary/commandPrefix",
        "cephadm shell --",
        "sites.primary.commandPrefix must be words before ceph and rbd: a list of words, got 'cephadm shell --'",
    ],
    ["sites/primary/commandPrefix", [""], "sites.primary.commandPrefix.0 must not be empty"],
    [
        "sites/primary/commandPrefix",
        Array(65).fill("x"),
        "sites.primary.commandPrefix must be at most 64 words",
    ],
    [
        "sites/primary/adminHost",
        undefined,
        "sites.primary.adminHost must be a host where ceph and rbd reach this cluster, got nothing",
    ],
    ["ssh/password", "x", "ssh.password is unknown here; must be one of user, port, identityFile"],
    [
        "ssh/identityFile",
        "",
        "ssh.identityFile must be a private key file on the machine that runs cinder-dr: an absolute path of letters, digits and '._@+-', without '..', got ''",
    ],
    [
        "backends",
        {},
        "backends must be a map of backends with at least one entry",
        "volumeTypes.replicated.backend must be one of , got 'ceph'",
    ],
    [
        "backends",
        [],
        "backends must be a map of backends, got '[]'",
        "volumeTypes.replicated.backend must be one of , got 'ceph'",
    ],
    ["hosts", {}, "hosts must be a map of hosts with at least one entry"],
    [
        "backends/ceph/otherHosts",
        "edge-1",
        "backends.ceph.otherHosts must be a list of services' hosts, got 'edge-1'",
    ],
    [
        "backends/ceph/otherHosts",
        ["edge-1", "edge-1@ceph"],
        "backends.ceph.otherHosts.1 must be a service's host without '@' and what follows: letters, digits, '_', '.', ':' and '-', got 'edge-1@ceph'",
    ],
    [
        "backends/ceph/otherHosts",
        ["edge-1", "cinder-a"],
        "backends.ceph.otherHosts.1 must not be one of hosts that serves this backend, got 'cinder-a'",
    ],
    ["volumeTypes", [], "volumeTypes must be a map of volume types, got '[]'"],
    [
        "backends/ceph/pool",
        "",
        "backends.ceph.pool must be a pool name of letters, digits, '_', '.' and '-', got ''",
    ],
    [
        "backends/ceph/rbd_pool",
        "volumes",
        "backends.ceph.rbd_pool is unknown here; must be one of volumeBackendName, pool, user, clusterName, conf, keyring, secretUuid, radosConnectTimeoutSeconds, replicationConnectTimeoutSeconds, imageMode, otherHosts, options, replicationDevice",
    ],
    [
        "backends/ceph/volumeBackendName",
        "<in> ceph",
        "backends.ceph.volumeBackendName must be a volume_backend_name of letters, digits, spaces and '_.@+-', got '<in> ceph'",
    ],
    [
        "hosts/cinder-a/user",
        "-oProxyCommand=x",
        "hosts.cinder-a.user must be a login name of letters, digits, '_', '.' and '-', got '-oProxyCommand=x'",
    ],
    [
        "hosts/cinder-a/python",
        "python3 -c",
        "hosts.cinder-a.python must be the Python of cinder-volume: an absolute path of letters, digits and '._@+-', without '..', got 'python3 -c'",
    ],
    [
        "hosts/cinder-a/configFile",
        "/etc/cinder/../shadow",
        "hosts.cinder-a.configFile must be the cinder.conf that is written: an absolute path of letters, digits and '._@+-', without '..', got '/etc/cinder/../shadow'",
    ],
    [
        "hosts/cinder-a/serviceUser",
        "cinder;id",
        "hosts.cinder-a.serviceUser must be a login name, got 'cinder;id'",
    ],
    [
        "hosts/cinder-a/service",
        {},
        "hosts.cinder-a.service must be exactly one of systemd, container or commands, got '{}'",
    ],
    [
        "hosts/cinder-a/service",
        { systemd: {}, container: {} },
        `hosts.cinder-a.service must be exactly one of systemd, container or commands, got '{"systemd":{},"container":{}}'`,
    ],
    [
        "hosts/cinder-a/service/systemd/unit",
        "--now",
        "hosts.cinder-a.service.systemd.unit must be a systemd unit, got '--now'",
    ],
    [
        "hosts/cinder-a/service/container/engine",
        "lxc",
        "hosts.cinder-a.service.container.engine must be docker or podman, got 'lxc'",
    ],
    [
        "hosts/cinder-a/service/container/name",
        "a b",
        "hosts.cinder-a.service.container.name must be a container's name, got 'a b'",
    ],
    [
        "hosts/cinder-a/service/container/unit",
        "-H evil",
        "hosts.cinder-a.service.container.unit must be a systemd unit, got '-H evil'",
    ],
    [
        "hosts/cinder-a/service/container/configFile",
        "cinder.conf",
        "hosts.cinder-a.service.container.configFile must be the cinder.conf inside the container: an absolute path of letters, digits and '._@+-', without '..', got 'cinder.conf'",
    ],
    [
        "hosts/cinder-a/service/commands",
        { restart: [], status: ["true"] },
        "hosts.cinder-a.service.commands.restart must not be empty",
    ],
    [
        "hosts/cinder-a/service/commands",
        { restart: "systemctl restart x" },
        "hosts.cinder-a.service.commands.restart must be the restart command: a list of words, got 'systemctl restart x'",
        "hosts.cinder-a.service.commands.status must be the status command, exit code 0 when the service runs: a list of words, got nothing",
    ],
    [
        "hosts/cinder-a/site",
        "paris",
        "hosts.cinder-a.site must be primary or secondary, got 'paris'",
    ],
    [
        "hosts/cinder-a/skipChecks",
        ["all"],
        "hosts.cinder-a.skipChecks.0 must be one of validate, target, guard, health, got 'all'",
    ],
    [
        "hosts/cinder-a/consent",
        { everything: "please" },
        "hosts.cinder-a.consent.everything is no refusal; must be one of unreachableTarget, failingOver, activeSideUnreachable, activeDeviceRemoved, failedOver, identityChange, guardBlind, clusterUnnamed, lastMember, otherOwner, foreignClientFile",
    ],
    [
        "hosts/cinder-a/unreachable",
        "",
        "hosts.cinder-a.unreachable must be the reason why this host is left out",
    ],
    ["hosts/cinder-a/cluster", "", "hosts.cinder-a.cluster must not be empty"],
    [
        "rollout/pauseSeconds",
        -1,
        "rollout.pauseSeconds must be whole seconds from 1 to 3600, got '-1'",
    ],
    [
        "hosts/cinder-a/consent",
        { unreachableTarget: "" },
        "hosts.cinder-a.consent.unreachableTarget must be a reason",
    ],
    ["hosts/cinder-a/backends", [], "hosts.cinder-a.backends must name at least one backend"],
    [
        "hosts/cinder-a/backends",
        "ceph",
        "hosts.cinder-a.backends must be a list of backends, got 'ceph'",
    ],
    [
        "volumeTypes/replicated/isPublic",
        "yes",
        "volumeTypes.replicated.isPublic must be true or false, got 'yes'",
    ],
    [
        "volumeTypes/replicated/projects",
        "a",
        "volumeTypes.replicated.projects must be a list of project ids, got 'a'",
    ],
    [
        "volumeTypes/replicated/projects",
        ["a", "a"],
        `volumeTypes.replicated.projects must name each project once, got '["a","a"]'`,
    ],
    [
        "volumeTypes/replicated",
        { backend: "ceph", isPublic: true, projects: ["a"] },
        "volumeTypes.replicated.projects must be empty for a public type: set isPublic to false",
    ],
    [
        "volumeTypes/replicated/extraSpecs",
        ["x"],
        `volumeTypes.replicated.extraSpecs must be a map of extra specs, got '["x"]'`,
    ],
    [
        "volumeTypes/replicated/extraSpecs",
        { "a b": "x" },
        "volumeTypes.replicated.extraSpecs.a b must be an extra spec key of letters, digits, '_', '.', ':' and '-', got 'a b'",
    ],
    ["rollout/batch", 0, "rollout.batch must be a number of hosts from 1 to 1000, or all, got '0'"],
    ["rollout/canary", -1, "rollout.canary must be a number of hosts from 0 to 1000, got '-1'"],
    ["rollout/canary", 1.5, "rollout.canary must be a number of hosts from 0 to 1000, got '1.5'"],
    [
        "timeouts/healthSeconds",
        0,
        "timeouts.healthSeconds must be whole seconds from 1 to 3600, got '0'",
    ],
    [
        "timeouts/applySeconds",
        "5m",
        "timeouts.applySeconds must be whole seconds from 1 to 7200, got '5m'",
    ],
    [
        "timeouts/targetSeconds",
        601,
        "timeouts.targetSeconds must be whole seconds from 1 to 600, got '601'",
    ],
];

/** Each a way to lose or never have replication that Cinder itself accepts in silence or finds too late. */
const TRAPS: Record<string, Row[]> = {
    "another spelling of <is> True": ["<is> true", "<is> 1", "<is>  True", "True", "<IS> True"].map(
        (spec) => [
            "volumeTypes/replicated/extraSpecs",
            { replication_enabled: spec },
            `volumeTypes.replicated.extraSpecs.replication_enabled must be exactly '<is> True': any other spelling is silently not replicated, got '${spec}'`,
        ],
    ),
    "a spec that contradicts under the scheduler's scope": [
        [
            "volumeTypes/replicated/extraSpecs",
            { "capabilities:replication_enabled": "<is> False" },
            "volumeTypes.replicated.extraSpecs.capabilities:replication_enabled must be exactly '<is> True': any other spelling is silently not replicated, got '<is> False'",
        ],
    ],
    "another backend than the type's": [
        [
            "volumeTypes/replicated/extraSpecs",
            { volume_backend_name: "ceph" },
            "volumeTypes.replicated.extraSpecs.volume_backend_name must not be set here: it comes from the type's backend",
        ],
    ],
    multiattach: [
        [
            "volumeTypes/replicated/extraSpecs",
            { multiattach: "<is> True" },
            "volumeTypes.replicated.extraSpecs.multiattach must not be set: multiattach strips the journaling feature that replication needs",
        ],
    ],
    "specs that RBD does not report": ["replication_type", "replication_count"].map((key) => [
        "volumeTypes/replicated/extraSpecs",
        { [key]: "<in> async" },
        `volumeTypes.replicated.extraSpecs.${key} must not be set: the RBD driver does not report it, so no backend would match`,
    ]),
    "clones as full copies": [
        [
            "backends/ceph/options",
            { rbd_max_clone_depth: 0 },
            "backends.ceph.options.rbd_max_clone_depth must be at least 1: with 0 clones are full copies that are not mirrored, got '0'",
        ],
    ],
    "a backend_id that is reserved, empty or unsafe": [
        [
            "backends/ceph/replicationDevice/backendId",
            undefined,
            "backends.ceph.replicationDevice.backendId must be a backend_id of letters, digits, '_' and '-', got nothing",
        ],
        [
            "backends/ceph/replicationDevice/backendId",
            "",
            "backends.ceph.replicationDevice.backendId must be a backend_id of letters, digits, '_' and '-', got ''",
        ],
        [
            "backends/ceph/replicationDevice/backendId",
            "a,conf:/x",
            "backends.ceph.replicationDevice.backendId must be a backend_id of letters, digits, '_' and '-', got 'a,conf:/x'",
        ],
        [
            "backends/ceph/replicationDevice/backendId",
            "Default",
            "backends.ceph.replicationDevice.backendId must not be 'Default': Cinder reserves it for the failback target",
        ],
    ],
    "the target named like the primary": [
        [
            "backends/ceph/replicationDevice/backendId",
            "Ceph",
            "backends.ceph.replicationDevice.backendId must differ from the primary's cluster name: it is the target's cluster name on the Cinder hosts, got 'Ceph'",
        ],
        [
            "backends/ceph/replicationDevice/conf",
            "/etc/ceph/ceph.conf",
            "backends.ceph.replicationDevice.conf must differ from the primary's conf: both would be one cluster, got '/etc/ceph/ceph.conf'",
        ],
    ],
    "backend_ids that differ by case": [
        [
            "backends/fast",
            {
                ...OTHER_BACKEND,
                replicationDevice: { backendId: "Secondary", secretUuid: uuid(2) },
            },
            "backends.fast.replicationDevice.backendId must not differ from 'secondary' by case only, got 'Secondary'",
        ],
    ],
    "not exactly one device": [
        [
            "backends/ceph/replicationDevice",
            undefined,
            "backends.ceph.replicationDevice must be exactly one replication device, got nothing",
        ],
        [
            "backends/ceph/replicationDevice",
            [{ backendId: "a" }, { backendId: "b" }],
            `backends.ceph.replicationDevice must be exactly one replication device, got '[{"backendId":"a"},{"backendId":"b"}]'`,
        ],
    ],
    "keys and values that replication_device would misread": [
        [
            "backends/ceph/replicationDevice/secret",
            "x",
            "backends.ceph.replicationDevice.secret is unknown here; must be one of backendId, conf, user, keyring, secretUuid, pool",
        ],
        [
            "backends/ceph/replicationDevice/conf",
            "/etc/ceph/a,b.conf",
            "backends.ceph.replicationDevice.conf must be the target's ceph.conf on the Cinder hosts: an absolute path of letters, digits and '._@+-', without '..', got '/etc/ceph/a,b.conf'",
        ],
        [
            "backends/ceph/replicationDevice/user",
            "$user",
            "backends.ceph.replicationDevice.user must be a Ceph user without 'client.' of letters, digits, '_', '.' and '-', got '$user'",
        ],
    ],
    "secrets missing, equal or no UUID": [
        [
            "backends/ceph/secretUuid",
            undefined,
            "backends.ceph.secretUuid must be the libvirt secret of the primary's key: a UUID in lower case, got nothing",
        ],
        [
            "backends/ceph/replicationDevice/secretUuid",
            undefined,
            "backends.ceph.replicationDevice.secretUuid must be the libvirt secret of the target's key: a UUID in lower case, got nothing",
        ],
        [
            "backends/ceph/replicationDevice/secretUuid",
            "secret",
            "backends.ceph.replicationDevice.secretUuid must be the libvirt secret of the target's key: a UUID in lower case, got 'secret'",
        ],
        [
            "backends/ceph/replicationDevice/secretUuid",
            uuid(1),
            "backends.ceph.replicationDevice.secretUuid must differ from the primary's secretUuid: two clusters have two keys",
        ],
    ],
    "no user": [
        [
            "backends/ceph/user",
            undefined,
            "backends.ceph.user must be a Ceph user without 'client.' of letters, digits, '_', '.' and '-', got nothing",
        ],
    ],
    "a pool of another name on the secondary": [
        [
            "backends/ceph/replicationDevice/pool",
            "backup",
            "backends.ceph.replicationDevice.pool must equal the backend's pool 'volumes': the RBD driver uses rbd_pool on both sites and ignores this key, got 'backup'",
        ],
    ],
    "a section that is no backend": ["DEFAULT", "backend_defaults", "keystone_authtoken"].map(
        (section) => [
            "backends",
            { ceph: goodTopology().backends.ceph, [section]: goodTopology().backends.ceph },
            `backends.${section} must be a backend's section, got '${section}', which cinder.conf uses otherwise`,
        ],
    ),
    "options that orphan volumes or break failback": ["backend_host", "host", "cluster"].map(
        (option) => [
            "backends/ceph/options",
            { [option]: "x" },
            `backends.ceph.options.${option} must not be set here: it renames the service and orphans its volumes`,
        ],
    ),
    "options set twice": [
        ["volume_backend_name", "volumeBackendName"],
        ["rbd_pool", "pool"],
        ["rbd_user", "user"],
        ["rbd_cluster_name", "clusterName"],
        ["rbd_ceph_conf", "conf"],
        ["rbd_secret_uuid", "secretUuid"],
        ["rados_connect_timeout", "radosConnectTimeoutSeconds"],
        ["replication_connect_timeout", "replicationConnectTimeoutSeconds"],
        ["replication_device", "replicationDevice"],
    ].map(([option = "", field = ""]) => [
        "backends/ceph/options",
        { [option]: "x" },
        `backends.ceph.options.${option} must not be set here: use ${field}`,
    ]),
    "another driver": [
        [
            "backends/ceph/options",
            { volume_driver: "x" },
            "backends.ceph.options.volume_driver must be 'cinder.volume.drivers.rbd.RBDDriver', got 'x'",
        ],
    ],
    "the keyring shown to users": [
        [
            "backends/ceph/options",
            { rbd_keyring_conf: "x" },
            "backends.ceph.options.rbd_keyring_conf must not be set: it shows the keyring to users of the API (OSSN-0085)",
        ],
    ],
    "waiting for a dead primary for ever": [
        [
            "backends/ceph/radosConnectTimeoutSeconds",
            0,
            "backends.ceph.radosConnectTimeoutSeconds must be whole seconds from 1 to 300, or -1 for no limit, got '0'",
        ],
        [
            "backends/ceph/replicationConnectTimeoutSeconds",
            0,
            "backends.ceph.replicationConnectTimeoutSeconds must be whole seconds from 1 to 300, got '0'",
        ],
    ],
    "snapshot mode": [
        [
            "backends/ceph/imageMode",
            "snapshot",
            "backends.ceph.imageMode must be journal: Cinder's RBD driver has no other image mode, got 'snapshot'",
        ],
    ],
    "a cluster that is its own secondary": [
        [
            "sites",
            {
                primary: { ...goodTopology().sites.primary, fsid: uuid(9) },
                secondary: { ...goodTopology().sites.secondary, fsid: uuid(9) },
            },
            `sites.secondary.fsid must differ from the primary's: one cluster cannot be its own secondary, got '${uuid(9)}'`,
        ],
        [
            "sites/secondary/name",
            "PARIS",
            "sites.secondary.name must differ from the primary's, got 'PARIS'",
        ],
        [
            "sites/secondary/adminHost/address",
            "192.0.2.1",
            "sites.secondary.adminHost must reach another cluster than the primary's: address, port, clusterName, conf and commandPrefix are all the same",
        ],
    ],
    "a reference to nothing": [
        [
            "volumeTypes/replicated/backend",
            "cephh",
            "volumeTypes.replicated.backend must be one of ceph, got 'cephh'",
        ],
        [
            "hosts/cinder-a/backends",
            ["ceph", "x"],
            "hosts.cinder-a.backends.1 must be one of ceph, got 'x'",
        ],
        ["backends/fast", OTHER_BACKEND],
    ],
    "a backend without a host": [
        [
            "",
            {
                ...withValue("backends/fast", OTHER_BACKEND),
                hosts: { "cinder-a": { hostKey: HOST_KEY, backends: ["ceph"] } },
            },
            "backends.fast must be served by at least one host",
        ],
    ],
};

const HOSTILE: Row[] = [
    // Taken for a key of Object.prototype, these would pass or say nonsense.
    [
        "release",
        "constructor",
        "release must be an OpenStack release from ocata (10) on, by name or major number, got 'constructor'",
    ],
    ["backends/ceph/options", { constructor: "x" }],
    [
        "release",
        "newton",
        "release must be an OpenStack release from ocata (10) on, by name or major number, got 'newton'",
    ],
    [
        "release",
        9,
        "release must be an OpenStack release from ocata (10) on, by name or major number, got '9'",
    ],
    [
        "backends/ceph/options",
        { rbd_x: "a\nvolume_driver = x" },
        "backends.ceph.options.rbd_x must be a value on one line without control characters, got 'a\\u000avolume_driver = x'",
    ],
    [
        "backends/ceph/options",
        { rbd_x: " a" },
        "backends.ceph.options.rbd_x must not start or end with a space, got ' a'",
    ],
    [
        "backends/ceph/options",
        { rbd_x: '"a"' },
        "backends.ceph.options.rbd_x must not be wrapped in quotes",
    ],
    [
        "backends/ceph/options",
        { rbd_x: "'" },
        "backends.ceph.options.rbd_x must not be wrapped in quotes",
    ],
    [
        "backends/ceph/options",
        { rbd_x: "a\\$b" },
        "backends.ceph.options.rbd_x must not have a backslash before '$', got 'a\\$b'",
    ],
    [
        "backends/ceph/options",
        { rbd_x: null },
        "backends.ceph.options.rbd_x must be a string, a number or true/false, got 'null'",
    ],
    [
        "backends/ceph/options",
        { "[x]": "y" },
        "backends.ceph.options.[x] must be an option's name in cinder.conf, got '[x]'",
    ],
    [
        "hosts/cinder-a/address",
        "cinder a",
        "hosts.cinder-a.address must be a host name, an IPv4 or an IPv6 address, got 'cinder a'",
    ],
    [
        "hosts/cinder-a/address",
        "999.0.0.1",
        "hosts.cinder-a.address must be a host name, an IPv4 or an IPv6 address, got '999.0.0.1'",
    ],
    [
        "hosts/cinder-a/address",
        ":::",
        "hosts.cinder-a.address must be a host name, an IPv4 or an IPv6 address, got ':::'",
    ],
    ["hosts/cinder-a/port", 0, "hosts.cinder-a.port must be a port from 1 to 65535, got '0'"],
    [
        "hosts/cinder-a/port",
        70000,
        "hosts.cinder-a.port must be a port from 1 to 65535, got '70000'",
    ],
    ["hosts/cinder-a/port", "22", "hosts.cinder-a.port must be a port from 1 to 65535, got '22'"],
    [
        "hosts/cinder-a/hostKey",
        undefined,
        "hosts.cinder-a.hostKey must be the host's public key as in its /etc/ssh/ssh_host_ed25519_key.pub, got nothing",
    ],
    [
        "hosts/cinder-a/hostKey",
        RSA_KEY,
        "hosts.cinder-a.hostKey must be an ed25519 or ecdsa host key: an RSA key cannot be pinned here, use the host's /etc/ssh/ssh_host_ed25519_key.pub",
    ],
    [
        "hosts/cinder-a/hostKey",
        "AAAA",
        "hosts.cinder-a.hostKey must be a public host key such as 'ssh-ed25519 AAAA…' (ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521), got 'AAAA'",
    ],
    [
        "hosts/cinder-a/hostKey",
        "ssh-ed25519 AAAA",
        "hosts.cinder-a.hostKey must be a whole 'ssh-ed25519' public key, got 'ssh-ed25519 AAAA'",
    ],
    [
        "hosts/cinder-a/proxy",
        { address: "jump" },
        "hosts.cinder-a.proxy.hostKey must be the host's public key as in its /etc/ssh/ssh_host_ed25519_key.pub, got nothing",
    ],
    [
        "hosts/cinder-b",
        { address: "CINDER-A", hostKey: HOST_KEY },
        "hosts.cinder-b.address must not be the same host and configFile as 'cinder-a', got 'CINDER-A'",
    ],
    [
        "hosts",
        {
            a: { address: "::1", hostKey: HOST_KEY },
            b: { address: "0:0:0:0:0:0:0:1", hostKey: HOST_KEY },
        },
        "hosts.b.address must not be the same host and configFile as 'a', got '0:0:0:0:0:0:0:1'",
    ],
    [
        "hosts",
        { "-x": { hostKey: HOST_KEY } },
        "hosts.-x must be a host name, an IPv4 or an IPv6 address, got '-x'",
    ],
    ["volumeTypes", { "": { backend: "ceph" } }, "volumeTypes.'' must not be empty"],
    [
        "volumeTypes",
        { ["x".repeat(256)]: { backend: "ceph" } },
        `volumeTypes.${"x".repeat(228)}… must be at most 255 characters`,
    ],
    ["backends/ceph/pool", "x".repeat(256), "backends.ceph.pool must be at most 255 characters"],
    [
        "volumeTypes/replicated/extraSpecs",
        { x: "y".repeat(256) },
        "volumeTypes.replicated.extraSpecs.x must be at most 255 characters",
    ],
];

const table = (rows: Row[]) => {
    for (const [path, value, ...sentences] of rows)
        it(`${path || "the whole"}: ${sentences[0]?.slice(0, 60) ?? "accepted"}`, () => {
            assert.deepEqual(refusals(withValue(path, value)), sentences);
        });
};

describe("a topology fails for", () => {
    describe("a wrong shape", () => {
        table(SHAPE);
    });
    for (const [trap, rows] of Object.entries(TRAPS))
        describe(trap, () => {
            table(rows);
        });
    describe("hostile input", () => {
        table(HOSTILE);
    });

    it("Ocata to Stein, which ignore the target's own user and secret_uuid", () => {
        const device = { backendId: "secondary", user: "other", secretUuid: uuid(2) };
        const stein = withValue(
            "release",
            "stein",
            withValue("backends/ceph/replicationDevice", device),
        );
        const why = "before Train (15), which hands the primary's to Nova after a failover";
        assert.deepEqual(refusals(stein), [
            `backends.ceph.replicationDevice.user must equal the backend's user ${why}, got 'other'`,
            `backends.ceph.replicationDevice.secretUuid must equal the backend's secretUuid ${why}, got '${uuid(2)}'`,
        ]);
        const same = { backendId: "secondary", secretUuid: uuid(1) };
        assert.deepEqual(refusals(withValue("backends/ceph/replicationDevice", same, stein)), []);
    });

    it("every problem at once, values and references alike", () => {
        const wrong = withValue(
            "hosts/cinder-a/port",
            0,
            withValue("volumeTypes/replicated/backend", "x"),
        );
        assert.deepEqual(refusals(withValue("sites/primary/name", "a b", wrong)), [
            "sites.primary.name must be a site name of letters, digits, '_', '.' and '-', got 'a b'",
            "hosts.cinder-a.port must be a port from 1 to 65535, got '0'",
            "volumeTypes.replicated.backend must be one of ceph, got 'x'",
        ]);
    });
});
