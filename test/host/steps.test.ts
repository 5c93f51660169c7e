import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
    chmodSync,
    existsSync,
    lstatSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    renameSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { CEPH, CONF, DEVICE, SIDES, withHost, type FakeHost, type Run } from "./fakeHost";

const SKIP_CEPH = ["target"];
const withOption = (key: string, value: string) => [
    { ...CEPH, options: { ...CEPH.options, [key]: value } },
];
const container = (host: FakeHost) => ({
    service: {
        container: {
            engine: join(host.root, "engine"),
            name: "cinder_volume",
            python: join(host.root, "python"),
        },
    },
});

function assertRefused(host: FakeHost, run: Run, step: string, sentence: RegExp): void {
    assert.equal(run.code, 3, run.stderr);
    assert.equal(run.stdout, "", "a failure says its sentence and nothing else");
    const last = run.stderr.trimEnd().split("\n").at(-1) ?? "";
    assert.match(last, new RegExp(`^cinder-dr: h1: ${step}: `));
    assert.match(last, sentence);
    assert.equal(host.read(), CONF, "the live file must not change");
    assert.deepEqual(
        readdirSync(join(host.root, "etc")).filter((name) => name.startsWith(".cinder.conf")),
        [],
        "no temporary file may stay",
    );
}

describe("apply on one host", function () {
    this.timeout(20_000);

    it("changes, restarts once, then leaves the host alone, then gives back every byte", () =>
        withHost((host) => {
            host.service("restart");
            chmodSync(host.conf, 0o640);
            const first = host.apply({ skipChecks: SKIP_CEPH });
            assert.equal(first.code, 0, first.stderr);
            assert.equal(first.result.outcome, "restarted");
            assert.equal(String(first.result.pid), host.service("status"));
            assert.deepEqual(first.result.changedKeys, {
                DEFAULT: ["enabled_backends"],
                ceph: ["replication_device", "volume_backend_name", "volume_driver"],
            });
            assert.equal(statSync(host.conf).mode & 0o777, 0o640);
            assert.equal(statSync(host.state).mode & 0o777, 0o700);
            assert.equal(host.restarts(), 2);

            const before = host.read();
            const second = host.apply({ skipChecks: SKIP_CEPH });
            assert.equal(second.result.outcome, "unchanged");
            assert.equal(host.read(), before);
            assert.equal(host.restarts(), 2);

            const removed = host.apply({ skipChecks: SKIP_CEPH }, "remove");
            assert.equal(removed.result.outcome, "removed", removed.stderr);
            assert.equal(host.read(), CONF);
            assert.equal(existsSync(join(host.root, "etc/.cinder-dr")), false);
            assert.equal(host.restarts(), 3);
        }));

    it("prints one result line on stdout and no secret anywhere", () =>
        withHost((host) => {
            host.service("restart");
            const run = host.apply({ skipChecks: SKIP_CEPH });
            assert.match(run.stdout, /^CINDER_DR_RESULT \{.*\}\n$/);
            assert.equal((run.stdout + run.stderr).includes("0dd5e0c2"), false);
            assert.equal(
                readFileSync(join(host.state, "result.json"), "utf8").includes("0dd5e0c2"),
                false,
            );
        }));

    it("is unchanged on a host that says the same already, and remembers nothing", () =>
        withHost((host) => {
            host.service("restart");
            const run = host.apply({
                backends: [{ section: "lvm", options: { volume_group: "vg" } }],
                skipChecks: [],
            });
            assert.equal(run.result.outcome, "unchanged", run.stderr);
            assert.equal(host.restarts(), 1);
            assert.equal(host.read(), CONF);
            assert.equal(existsSync(join(host.state, "record.json")), false);
            assert.equal(host.apply({}, "remove").result.outcome, "unchanged");
            assert.equal(existsSync(join(host.root, "etc/.cinder-dr")), false);
        }));

    it("keeps the operator's edits elsewhere and gives back the rest", () =>
        withHost((host) => {
            assert.equal(host.apply().code, 0);
            host.write(`${host.read().replace("debug = true", "debug = false")}\n[nova]\nx = 1\n`);
            assert.equal(
                host.apply({ backends: withOption("rbd_user", "cinder") }).result.outcome,
                "restarted",
            );
            assert.equal(host.apply({}, "remove").result.outcome, "removed");
            assert.equal(
                host.read(),
                `${CONF.replace("debug = true", "debug = false")}\n[nova]\nx = 1\n`,
            );
        }));

    it("keeps and names a key that the operator has changed since", () =>
        withHost((host) => {
            assert.equal(host.apply().code, 0);
            host.write(
                host.read().replace("volume_backend_name = ceph", "volume_backend_name = gold"),
            );
            const run = host.apply({}, "remove");
            assert.deepEqual(run.result.keptKeys, ["[ceph] volume_backend_name"]);
            assert.equal(host.read(), CONF.replace("old-name", "gold"));
        }));

    it("gives back a backend and an option that left the request", () =>
        withHost((host) => {
            const fast = { section: "fast", options: { rbd_pool: "fast" } };
            assert.equal(host.apply({ backends: [...withOption("rbd_user", "u"), fast] }).code, 0);
            assert.match(host.read(), /enabled_backends = lvm,ceph,fast/);
            assert.equal(host.apply().code, 0);
            assert.match(host.read(), /enabled_backends = lvm,ceph$/m);
            assert.equal(host.read().includes("fast"), false);
            assert.equal(host.read().includes("rbd_user"), false);
            assert.equal(host.apply({}, "remove").result.outcome, "removed");
            assert.equal(host.read(), CONF);
        }));

    it("repairs a hand edit of a key that is ours", () =>
        withHost((host) => {
            assert.equal(host.apply().code, 0);
            const good = host.read();
            host.write(good.replace(DEVICE, "backend_id:drift"));
            assert.deepEqual(host.apply().result.changedKeys, {
                ceph: ["replication_device"],
            });
            assert.equal(host.read(), good);
            host.apply({}, "remove");
            assert.equal(host.read(), CONF);
        }));

    it("gives back what a key said before us that a hand edit made ours", () =>
        withHost((host) => {
            const mine = CONF.replace("[ceph]\n", "[ceph]\nrbd_user =  cinder \n");
            const backends = withOption("rbd_user", "cinder");
            host.write(mine);
            assert.equal(host.apply({ backends }).code, 0);
            const edited = host.read().replace(/^rbd_user.*$/m, "rbd_user = nobody");
            host.write(`${edited}# outside\n`);
            assert.deepEqual(host.apply({ backends }).result.changedKeys, { ceph: ["rbd_user"] });
            assert.match(host.read(), /^rbd_user = cinder$/m);
            host.write(`${host.read()}# and again\n`);
            assert.equal(host.apply({}, "remove").result.outcome, "removed");
            assert.equal(host.read(), `${mine}# outside\n# and again\n`);
        }));

    it("writes through a symlink into its target", () =>
        withHost((host) => {
            mkdirSync(join(host.root, "real"));
            renameSync(host.conf, join(host.root, "real/real.conf"));
            symlinkSync("../real/real.conf", host.conf);
            assert.equal(host.apply().code, 0);
            assert.equal(lstatSync(host.conf).isSymbolicLink(), true);
            assert.equal(
                existsSync(join(host.root, "real/.cinder-dr/real.conf/record.json")),
                true,
            );
            host.apply({}, "remove");
            assert.equal(host.read(), CONF);
        }));

    it("restarts a service that is older than a hand edit it never saw", () =>
        withHost((host) => {
            host.service("restart");
            const wanted = "[DEFAULT]\nenabled_backends = lvm\n[lvm]\nvolume_group = vg\n";
            host.write(wanted);
            execFileSync("touch", ["-d", "+10 seconds", host.conf]);
            const request = {
                backends: [{ section: "lvm", options: { volume_group: "vg" } }],
            };
            assert.equal(host.apply(request).result.outcome, "restarted");
            assert.equal(host.read(), wanted);
        }));

    it("says which of its files with secrets everybody may read, and keeps their modes", () =>
        withHost((host) => {
            chmodSync(host.conf, 0o644);
            const keyring = join(host.root, "etc/secondary.client.cinder.keyring");
            writeFileSync(keyring, "[client.cinder]\n");
            chmodSync(keyring, 0o646);
            const backends = [{ ...SIDES, target: { ...SIDES.target, keyring } }];
            const { result } = host.apply({ backends });
            assert.deepEqual(result.warnings, [
                `${host.conf} has mode 0644: everybody on this host may read it, and it holds passwords; chmod o-rwx it`,
                `${keyring} has mode 0646: everybody on this host may write it, and it holds a key; chmod o-rwx it`,
            ]);
            assert.deepEqual(
                [host.conf, keyring].map((file) => statSync(file).mode & 0o777),
                [0o644, 0o646],
            );
            chmodSync(host.conf, 0o640);
            chmodSync(keyring, 0o640);
            assert.deepEqual(host.apply({ backends }).result.warnings, []);
        }));

    it("keeps three last known good files, for root alone", () =>
        withHost((host) => {
            for (const user of ["a", "b", "c", "d", "e"])
                assert.equal(host.apply({ backends: withOption("rbd_user", user) }).code, 0);
            const kept = readdirSync(host.state).filter((name) =>
                name.startsWith("last-known-good"),
            );
            assert.deepEqual(kept.sort(), [
                "last-known-good",
                "last-known-good.1",
                "last-known-good.2",
            ]);
            assert.match(readFileSync(join(host.state, "last-known-good"), "utf8"), /rbd_user = d/);
            assert.equal(statSync(join(host.state, "last-known-good")).mode & 0o777, 0o600);
        }));
});

describe("apply refuses, and the host stays as it was", function () {
    this.timeout(20_000);

    const requests: [what: string, changes: Record<string, unknown>, message: RegExp][] = [
        [
            "a newline in a value",
            { backends: withOption("rbd_user", "a\nb") },
            /rbd_user must be one line of text/,
        ],
        [
            "a line separator in a value",
            { backends: withOption("rbd_user", "a\u2028b") },
            /must be one line/,
        ],
        [
            "a section with a bracket",
            { backends: [{ section: "a]b", options: { x: "y" } }] },
            /must be a section name, got 'a\]b'/,
        ],
        [
            "[DEFAULT]",
            { backends: [{ section: "DEFAULT", options: { x: "y" } }] },
            /must name a backend/,
        ],
        ["a section twice", { backends: [CEPH, CEPH] }, /must name each section once, got 'ceph'/],
        [
            "an unknown consent",
            { consent: { everything: "yes" } },
            /consent must name one of .*got 'everything'/,
        ],
        ["an unknown check", { skipChecks: ["all"] }, /skipChecks must name one of/],
        ["another version", { version: 2 }, /version must be 1, got '2'/],
        ["a relative path", { configFile: "cinder.conf" }, /configFile must be an absolute path/],
        [
            "two services",
            { service: { systemd: { unit: "a" }, commands: {} } },
            /service must be one of/,
        ],
        [
            "a unit like an option",
            { service: { systemd: { unit: "--now" } } },
            /service.systemd.unit must be a name/,
        ],
    ];
    it("bad requests with exit 2, each naming its path", () =>
        withHost((host) => {
            for (const [what, changes, message] of requests) {
                const run = host.apply(changes);
                assert.equal(run.code, 2, what);
                assert.match(run.stderr, message, what);
                assert.equal(run.stdout, "", what);
            }
            assert.equal(existsSync(join(host.root, "etc/.cinder-dr")), false);
        }));

    const files: [what: string, spoil: (host: FakeHost) => void, message: RegExp][] = [
        [
            "a missing file",
            (h) => {
                renameSync(h.conf, `${h.conf}.away`);
            },
            /configFile must exist/,
        ],
        [
            "a folder",
            (h) => {
                renameSync(h.conf, `${h.conf}.away`);
                mkdirSync(h.conf);
            },
            /must be a regular file/,
        ],
        [
            "a byte order mark",
            (h) => {
                h.write(`\ufeff${CONF}`);
            },
            /must not start with a byte order mark/,
        ],
        [
            "another encoding",
            (h) => {
                writeFileSync(h.conf, Buffer.from([91, 97, 93, 10, 0xff]));
            },
            /must be UTF-8, got '0xff' at byte 4/,
        ],
        [
            "a broken line",
            (h) => {
                h.write("[a]\nno assignment\n");
            },
            /cinder\.conf:2: No ':' or '=' found in assignment/,
        ],
    ];
    for (const [what, spoil, message] of files)
        it(`${what}: exit 3, named`, () =>
            withHost((host) => {
                spoil(host);
                const run = host.apply();
                assert.equal(run.code, 3, run.stderr);
                assert.match(run.stderr, message);
                assert.equal(host.restarts(), 0);
            }));

    it("a file that the running service does not read", () =>
        withHost((host) => {
            host.service("restart");
            const other = join(host.root, "etc/other.conf");
            writeFileSync(other, CONF);
            assertRefused(
                host,
                host.apply({ configFile: other }),
                "read",
                /must be read once by the running cinder-volume, got '0' times/,
            );
        }));

    it("a replication_device in another file, because they add up", () =>
        withHost((host) => {
            const other = join(host.root, "etc/extra.conf");
            writeFileSync(other, "# x\n[ceph]\nreplication_device = backend_id:third\n");
            host.world({ arguments: ["--config-file", other] });
            host.service("restart");
            assertRefused(
                host,
                host.apply(),
                "render",
                /\[ceph\] replication_device is also set at \S+extra\.conf:3, and every file's values of it add up/,
            );
        }));

    it("a later file that wins over ours, and a later enabled_backends", () =>
        withHost((host) => {
            const folder = join(host.root, "etc/conf.d");
            mkdirSync(folder);
            writeFileSync(join(folder, "a.conf"), "[ceph]\nrbd_pool = other\n");
            host.world({ arguments: [`--config-dir=${folder}`] });
            host.service("restart");
            assertRefused(
                host,
                host.apply(),
                "render",
                /a\.conf:2, and that file is read after this one and wins \(ours belongs at \S+cinder\.conf:11\)/,
            );
            writeFileSync(join(folder, "a.conf"), "[DEFAULT]\nenabled_backends = lvm\n");
            assertRefused(
                host,
                host.apply(),
                "render",
                /a\.conf:2 is the list that the service reads, and it lacks 'ceph'/,
            );
            writeFileSync(join(folder, "a.conf"), "[DEFAULT]\nenabled_backends = lvm, ceph\n");
            assert.equal(host.apply().code, 0);
            assert.match(host.read(), /enabled_backends = lvm$/m);
        }));

    it("what Cinder's own options refuse", () =>
        withHost((host) => {
            host.world({
                problems: [`[ceph] replication_device: bad value ${DEVICE}`],
            });
            const run = host.apply({ skipChecks: SKIP_CEPH });
            assertRefused(
                host,
                run,
                "validate",
                /Cinder would refuse the configuration: \[ceph\] replication_device: bad value \*\*\*/,
            );
        }));

    it("a python without Cinder", () =>
        withHost((host) => {
            const run = host.apply({ skipChecks: SKIP_CEPH, python: "/bin/false" });
            assertRefused(
                host,
                run,
                "validate",
                /python must name the interpreter that cinder-volume runs with/,
            );
            assertRefused(
                host,
                host.apply({ skipChecks: SKIP_CEPH, python: "/no/python" }),
                "validate",
                /No such file/,
            );
        }));

    it("an unknown serviceUser", () =>
        withHost((host) => {
            assertRefused(
                host,
                host.apply({ serviceUser: "nobody-here" }),
                "read",
                /serviceUser must be a user of this host, got 'nobody-here'/,
            );
        }));

    it("a target whose conf is missing", () =>
        withHost((host) => {
            const target = { ...SIDES.target, conf: "/nonexistent/secondary.conf" };
            const request = {
                skipChecks: ["guard", "health"],
                backends: [{ ...SIDES, target }],
            };
            const run = host.apply(request);
            assertRefused(
                host,
                run,
                "target",
                /'secondary' cannot be reached .*: \/nonexistent\/secondary\.conf does not exist/,
            );
            assert.equal(run.result.refusal, "unreachableTarget");
            const consented = host.apply({
                ...request,
                consent: { unreachableTarget: "being built" },
            });
            assert.equal(consented.code, 0, consented.stderr);
            assert.equal(consented.result.protected, false);
            assert.deepEqual(consented.result.overridden, ["unreachableTarget"]);
        }));

    const rows: [
        refusal: string,
        row: Record<string, unknown>,
        rbd: Record<string, number>,
        message: RegExp,
    ][] = [
        ["failingOver", { replicationStatus: "failing-over" }, {}, /is failing over now/],
        [
            "activeSideUnreachable",
            {},
            { ceph: 2 },
            /'ceph' cannot be reached: .*needs the running service/,
        ],
        ["activeDeviceRemoved", { activeBackendId: "third" }, {}, /is failed over to 'third'/],
    ];
    for (const [refusal, row, rbd, message] of rows)
        it(`${refusal}, unless the consent names it`, () =>
            withHost((host) => {
                host.world({ rows: { ceph: row }, rbd });
                host.service("restart");
                const request = {
                    ...container(host),
                    skipChecks: ["health"],
                    backends: [SIDES],
                };
                const run = host.apply(request);
                assertRefused(host, run, "guard", message);
                assert.equal(run.result.refusal, refusal);
                assert.equal(host.restarts(), 1);
                assert.equal(host.apply({ ...request, consent: { [refusal]: "known" } }).code, 0);
            }));

    it("clusterUnnamed when the topology does not say the file's cluster, lastMember when no other is up", () =>
        withHost((host) => {
            host.world({ cluster: "aa", members: { "h2@ceph": false } });
            host.service("restart");
            assertRefused(
                host,
                host.apply({ skipChecks: SKIP_CEPH }),
                "guard",
                /cinder\.conf says cluster 'aa', and the topology says ''; write it as hosts\.h1\.cluster/,
            );
            const request = { skipChecks: SKIP_CEPH, cluster: "aa" };
            assertRefused(
                host,
                host.apply(request),
                "guard",
                /no other member of the cluster 'aa' is up; bring another member up first/,
            );
            assert.equal(host.restarts(), 1);
            host.world({ cluster: "aa", members: { "h2@ceph": false, "h3@ceph": true } });
            assert.equal(host.apply(request).result.outcome, "restarted");
        }));

    it("otherOwner when another stack wants something else, and leaves it its host at removal", () =>
        withHost((host) => {
            host.service("restart");
            assert.equal(host.apply({ owner: "dr/one" }).code, 0);
            const ours = host.read();
            assert.equal(host.apply({ owner: "dr/two" }).result.outcome, "unchanged");
            const backends = [{ ...CEPH, options: { ...CEPH.options, rbd_pool: "other" } }];
            const run = host.apply({ owner: "dr/two", backends });
            assert.equal(run.code, 3, run.stderr);
            assert.match(
                run.stderr,
                /the host is managed by dr\/one, and dr\/two wants another configuration; take the host out of one of them/,
            );
            assert.equal(host.apply({ owner: "dr/two" }, "remove").result.outcome, "unchanged");
            assert.equal(host.read(), ours);
            const consent = { otherOwner: "dr/one is gone" };
            assert.equal(host.apply({ owner: "dr/two", backends, consent }).code, 0);
            assert.equal(host.apply({ owner: "dr/two" }, "remove").result.outcome, "removed");
            assert.equal(host.read(), CONF);
        }));

    it("guardBlind when the database does not answer, without its password", () =>
        withHost((host) => {
            host.world({ blind: true });
            const run = host.apply({ skipChecks: SKIP_CEPH });
            assertRefused(host, run, "guard", /cannot see the service rows/);
            assert.equal(run.stderr.includes("hunter2"), false);
        }));

    it("removal while failed over; a restart on the active secondary is fine", () =>
        withHost((host) => {
            host.world({
                rows: {
                    ceph: {
                        activeBackendId: "secondary",
                        replicationStatus: "failed-over",
                    },
                },
                rbd: { ceph: 2 },
            });
            host.service("restart");
            const request = { ...container(host), skipChecks: [], backends: [SIDES] };
            const done = host.apply(request);
            assert.equal(done.result.outcome, "restarted", done.stderr);
            const run = host.apply(request, "remove");
            assert.equal(run.result.refusal, "failedOver");
            assert.equal(run.code, 3);
        }));

    it("removal to a client that cannot connect any more, while volumes need it", () => {
        const former = CONF.replace("= lvm", "= lvm, ceph").replace(
            "rbd_pool = volumes",
            "rbd_pool = volumes\nrbd_user = gone\nrbd_ceph_conf = /etc/ceph/old.conf\nrbd_cluster_name = old",
        );
        return withHost((host) => {
            const backend = withOption("rbd_cluster_name", "ceph").map((given) => ({
                ...SIDES,
                ...given,
            }));
            const request = { ...container(host), skipChecks: ["health"], backends: backend };
            host.world({ rbd: { old: 2 }, volumes: { "h1@ceph": 3 } });
            host.service("restart");
            assert.equal(host.apply(request).code, 0);
            const pushed = host.read();
            const refused = host.apply(request, "remove");
            assert.equal(refused.code, 3, refused.stderr);
            assert.match(
                refused.stderr,
                /cinder-dr: h1: guard: 3 volumes live on h1@ceph, which would no longer be served: \[ceph\] as it was before cannot reach its cluster as client\.gone: rbd: couldn't connect to the cluster!; retype or migrate them first/,
            );
            assert.equal(refused.result.refusal, "identityChange");
            assert.equal(host.read(), pushed);
            // Without volumes its heartbeat is not waited for either: such a driver sends none.
            const silent = { reportCount: 1, updatedAt: "1" };
            host.world({ rbd: { old: 2 }, rows: { ceph: silent } });
            const done = host.apply({ ...request, skipChecks: [] }, "remove");
            assert.equal(done.result.outcome, "removed", done.stderr);
            assert.equal(host.read(), former);
        }, former);
    });

    it("another name in Cinder's database, and volumes that nobody would serve", () =>
        withHost((host) => {
            host.world({ hostsAfter: { ceph: "other@ceph", lvm: "h1@lvm" } });
            assertRefused(
                host,
                host.apply({ skipChecks: SKIP_CEPH }),
                "validate",
                /h1@ceph would become other@ceph/,
            );
            host.world({ hostsAfter: { ceph: "h1@ceph" }, volumes: { "h1@lvm": 7 } });
            assertRefused(
                host,
                host.apply({ skipChecks: SKIP_CEPH }),
                "validate",
                /7 volumes live on h1@lvm/,
            );
            host.world({});
            assertRefused(
                host,
                host.apply({
                    skipChecks: SKIP_CEPH,
                    backends: withOption("backend_host", "x"),
                }),
                "validate",
                /\[ceph\] backend_host would give the service another name/,
            );
        }));
});

describe("a container's service", function () {
    this.timeout(20_000);

    it("is restarted and asked by its engine, all as words", () =>
        withHost((host) => {
            host.service("restart");
            const run = host.apply({
                ...container(host),
                skipChecks: [],
                backends: [SIDES],
            });
            assert.equal(run.result.outcome, "restarted", run.stderr);
            assert.equal(run.result.protected, true);
            const log = readFileSync(join(host.root, "engine.log"), "utf8")
                .trim()
                .split("\n")
                .map((line) => JSON.parse(line) as string[]);
            assert.deepEqual(
                log.find(([verb]) => verb === "restart"),
                ["restart", "cinder_volume"],
            );
            assert.ok(
                log.some((words) => words.includes(join(host.root, "python"))),
                "the container's own python judges",
            );
            assert.deepEqual(
                log.find((words) => words.includes("rbd") && words.includes("secondary"))?.slice(4),
                [
                    "cinder_volume",
                    "rbd",
                    "--cluster",
                    "secondary",
                    "--conf",
                    "/etc/ceph/secondary.conf",
                    "--id",
                    "cinder",
                    "-p",
                    "volumes",
                    "--client-mount-timeout",
                    "5",
                    "ls",
                ],
            );
        }));
});
