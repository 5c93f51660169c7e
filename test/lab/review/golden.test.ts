import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { assertValid } from "../../review/markdown/markdown";
import { uuid } from "../../support/topology";
import { expectCode, type Mutable, type Run } from "../support";
import { assertGolden } from "./golden";
import { PLANTED, Repository, STACK } from "./repository";

const backend = (pool: string, n: number) => ({
    pool,
    user: "cinder",
    secretUuid: uuid(n),
    replicationDevice: { backendId: "lyon", secretUuid: uuid(n + 1) },
});

const EXEMPTIONS = [
    {
        rule: "volume-type-is-protected",
        resource: "golden-fast",
        reason: "taken down with the test",
        expires: "2027-01-31",
    },
];

/** Paris and Lyon, two backends, three hosts, two types. */
const topology = ({ host }: Repository): Mutable => ({
    release: "zed",
    sites: {
        primary: { name: "paris", adminHost: { address: "192.0.2.1", hostKey: host.hostKey } },
        secondary: { name: "lyon", adminHost: { address: "192.0.2.2", hostKey: host.hostKey } },
    },
    backends: { ceph: backend("volumes", 1), fast: backend("fast", 3) },
    hosts: {
        "cinder-a": { ...host, configFile: "/etc/cinder/a.conf", site: "primary" },
        "cinder-b": { ...host, configFile: "/etc/cinder/b.conf", site: "secondary" },
        "cinder-c": {
            ...host,
            configFile: "/etc/cinder/c.conf",
            site: "secondary",
            backends: ["ceph"],
        },
    },
    volumeTypes: {
        "golden-replicated": { backend: "ceph" },
        "golden-fast": { backend: "fast", protect: false },
    },
});

interface Case {
    name: string;
    /** What a reviewer must read in it. */
    says: RegExp[];
    code: number;
    change: (topology: Mutable, repository: Repository) => void;
    exemptions?: Mutable[];
}

const CASES: Case[] = [
    {
        name: "no-change",
        code: 0,
        says: [/`pulumi up` would do nothing/, /What restarts\? \| nothing \|/],
        change: () => undefined,
    },
    {
        name: "add-site",
        code: 0,
        says: [
            /gains it: `backend ceph-nice`/,
            /on \*\*3 hosts\*\*: `cinder-a`, then `cinder-b`, then `cinder-c`/,
        ],
        change: (t) => {
            t.backends["ceph-nice"] = {
                ...backend("nice", 5),
                replicationDevice: { backendId: "nice", secretUuid: uuid(6) },
            };
            t.hosts["cinder-c"].backends = ["ceph", "ceph-nice"];
            t.volumeTypes["golden-nice"] = { backend: "ceph-nice" };
        },
    },
    {
        name: "remove-device",
        code: 3,
        says: [
            /⛔ \*\*Do not merge as it is:\*\* 2 risks to protection/,
            /\*\*loses it:\*\* `backend fast`, `volume type golden-fast`/,
            /last-replication-device-removed/,
        ],
        change: (t) => {
            delete t.backends.fast;
            delete t.volumeTypes["golden-fast"];
        },
        exemptions: [],
    },
    {
        name: "rename-section",
        code: 3,
        says: [/section-renamed/, /the section becomes 'quick'/],
        change: (t) => {
            t.backends.quick = { ...t.backends.fast, volumeBackendName: "fast" };
            delete t.backends.fast;
            t.volumeTypes["golden-fast"].backend = "quick";
        },
    },
    {
        name: "change-timeout",
        code: 0,
        says: [
            /timeout-loosened/,
            /^\+rados_connect_timeout = 20$/m,
            /⚠️ \*\*May be merged after a look/,
        ],
        change: (t) => {
            t.backends.ceph.radosConnectTimeoutSeconds = 20;
        },
    },
    {
        name: "add-host",
        code: 0,
        says: [/on \*\*1 host\*\*: `cinder-d`/, /`cinder-d` restarts unless/],
        change: (t, { host }) => {
            t.hosts["cinder-d"] = {
                ...host,
                configFile: "/etc/cinder/d.conf",
                site: "primary",
                backends: ["ceph"],
            };
        },
    },
    {
        name: "secrets-rotated",
        code: 0,
        says: [/libvirt-secret-changed/, /replication_device secret_uuid/],
        change: (t) => {
            t.backends.ceph.secretUuid = uuid(11);
            t.backends.ceph.replicationDevice.secretUuid = uuid(12);
        },
    },
    {
        name: "bad-policy",
        code: 3,
        says: [
            /⛔ \*\*Do not merge as it is:\*\* 5 mandatory policy violations/,
            /\| \*\*mandatory\*\* \| high \| `connect-timeouts-are-short` \|/,
            /\| \*\*mandatory\*\* \| high \| `rollout-starts-with-a-canary` \|/,
        ],
        change: (t) => {
            t.backends.fast.radosConnectTimeoutSeconds = 300;
            t.rollout = { canary: 0, batch: "all" };
        },
    },
    {
        name: "type-spec-changed",
        code: 3,
        says: [/its extra specs change \(tier\)/, /What restarts\? \| nothing \|/],
        change: (t) => {
            t.volumeTypes["golden-fast"].extraSpecs = { tier: "gold" };
        },
    },
    {
        name: "host-without-key",
        code: 1,
        says: [/hosts\.cinder-c\.hostKey must be/, /What loses protection\? \| unknown/],
        change: (t) => {
            delete t.hosts["cinder-c"].hostKey;
        },
    },
    {
        name: "hosts-of-both-sites",
        code: 0,
        says: [
            /both-sites-touched/,
            /config-file-changed/,
            /on \*\*2 hosts\*\*: `cinder-a`, then `cinder-b`; pushed for the first time/,
        ],
        change: (t) => {
            t.hosts["cinder-a"].configFile = "/etc/cinder/cinder.conf";
            t.hosts["cinder-b"].configFile = "/etc/cinder/volume.conf";
        },
    },
    {
        name: "waves-changed",
        code: 0,
        says: [
            /on \*\*3 hosts\*\*: `cinder-a`, then `cinder-b`, `cinder-c` at once \|/,
            /batch-raised/,
        ],
        change: (t) => {
            t.rollout = { batch: 2 };
            t.backends.ceph.replicationConnectTimeoutSeconds = 4;
        },
    },
    {
        name: "mirroring-added",
        code: 0,
        says: [
            /ceph-side-managed/,
            /What restarts\? \| nothing that reads its files already: 3 hosts are pushed with/,
            /1\. before any host, on admin hosts and daemons' hosts: `cluster of site lyon`/,
            /`client\.cinder osd`/,
        ],
        change: (t, { host }) => {
            t.sites.primary.rbdMirror = { hosts: { "ceph-paris": host } };
            t.sites.secondary.rbdMirror = { orchestrator: { placement: "count:1" } };
            t.mirroring = { createPools: { pgNum: 32 }, clientFiles: { group: "cinder" } };
        },
    },
    {
        name: "protected-type-changed",
        code: 1,
        says: [
            /its extra specs would change/,
            /compares the two topologies alone/,
            /volume-type-replaced/,
        ],
        change: (t) => {
            t.volumeTypes["golden-replicated"].extraSpecs = { tier: "gold" };
        },
    },
    {
        name: "bad-topology",
        code: 1,
        says: [/backends\.ceph\.pool must be/, /What restarts\? \| unknown: the preview failed/],
        change: (t) => {
            t.backends.ceph.pool = "`@octocat` | <b>";
        },
    },
];

describe("the comment on a change between two commits", () => {
    let repository: Repository;
    let stack: Mutable;
    let first: Run;

    before(async () => {
        repository = await Repository.make();
        expectCode(await repository.pulumi("stack", "init"), 0);
        const secret = await repository.pulumi("config", "set", "--secret", "planted", PLANTED[0]);
        expectCode(secret, 0);
        stack = parse(readFileSync(join(repository.folder, `Pulumi.${STACK}.yaml`), "utf8"));
        repository.commit(stack, topology(repository), EXEMPTIONS);
        first = await repository.review();
        // Here and not in the first test: what differs in one comment must not take the others along.
        expectCode(await repository.pulumi("up", "--yes", "--skip-preview"), 0);
        repository.git("tag", "applied");
        // Pulumi's own commands rewrite the stack's file.
        repository.git("checkout", "--quiet", ".");
    });
    after(async () => {
        // What mocha waits for must end, whatever went wrong before.
        try {
            await repository.pulumi("state", "unprotect", "--all", "--yes");
            expectCode(await repository.pulumi("destroy", "--yes", "--skip-preview"), 0);
        } finally {
            await repository.close();
        }
    });

    const check = (name: string, run: Run, code: number, says: RegExp[]) => {
        const { stdout, output, code: got } = run;
        assert.equal(got, code, output);
        for (const secret of PLANTED) assert.ok(!output.includes(secret), secret);
        assert.doesNotMatch(output, /BEGIN OPENSSH/);
        const text = repository.settled(stdout);
        for (const expected of says) assert.match(text, expected);
        assertGolden(name, text);
    };

    it("first-deployment", () => {
        check("first-deployment", first, 0, [/gains it: `backend ceph`, `backend fast`/]);
    });

    for (const one of CASES)
        it(one.name, async () => {
            repository.git("reset", "--quiet", "--hard", "applied");
            const changed = topology(repository);
            one.change(changed, repository);
            repository.commit(stack, changed, one.exemptions ?? EXEMPTIONS);
            const run = await repository.review("--base", "applied");
            check(one.name, run, one.code, one.says);
        });

    it("of 200 hosts stays readable and under the limit", async () => {
        repository.git("reset", "--quiet", "--hard", "applied");
        const many = topology(repository);
        for (let i = 0; i < 197; i++)
            many.hosts[`cinder-n${String(i).padStart(3, "0")}`] = {
                ...repository.host,
                configFile: `/etc/cinder/n${String(i)}.conf`,
                site: "primary",
                backends: ["ceph"],
            };
        many.rollout = { canary: 1, batch: 8 };
        repository.commit(stack, many, EXEMPTIONS);
        const { stdout, code, output } = await repository.review("--base", "applied");
        assert.equal(code, 0, output);
        assertValid(repository.settled(stdout));
        assert.ok(Buffer.byteLength(stdout) < 65_000, String(Buffer.byteLength(stdout)));
        assert.match(stdout, /on \*\*197 hosts\*\*/);
    });

    it("fails for a base that is no commit and for a stack that is not there", async () => {
        const base = await repository.review("--base", "no-such");
        assert.equal(base.code, 2, base.output);
        assert.match(base.output, /--base must be a commit of this repository, got 'no-such'/);
        const stackless = await repository.run(
            process.execPath,
            "cli/bin.js",
            "review",
            "--stack",
            "nowhere",
        );
        assert.equal(stackless.code, 1, stackless.output);
        assert.match(stackless.output, /no stack named 'nowhere' found/);
    });
});
