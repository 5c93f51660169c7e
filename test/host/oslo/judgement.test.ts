import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { before, describe, it } from "mocha";
import {
    APPLY,
    CEPH,
    CONF,
    DEVICE,
    PYTHON,
    withHost,
    type BackendRequest,
    type FakeHost,
    type Run,
} from "../fakeHost";

// The oracle is oslo.config itself, and Cinder's own option definitions, from Debian's packages.
const has = (module: string): boolean => spawnSync(PYTHON, ["-c", `import ${module}`]).status === 0;

function needs(module: string, skip: () => void): void {
    if (has(module)) return;
    assert.equal(process.env["CI"], undefined, `${module} must be installed where CI runs`);
    skip();
}

/** Both readings of the same texts: [section, key, value]s, or null where the reader refuses. */
const READERS = `
import io, json, sys, types
from oslo_config import cfg, iniparser
m = types.ModuleType("apply")
exec(compile(open(sys.argv[1]).read(), "apply", "exec"), m.__dict__)
class Oslo(iniparser.BaseParser):
    def __init__(self):
        self.section, self.seen = None, []
    def new_section(self, section):
        self.section = section
    def assignment(self, key, value):
        if not self.section:
            raise iniparser.ParseError("no section", 0, "")
        self.seen.append([self.section, key, "\\n".join(value)])
def oslo(text):
    parser = Oslo()
    try:
        parser.parse(io.TextIOWrapper(io.BytesIO(text.encode("utf-8")), "utf-8").readlines())
    except iniparser.ParseError:
        return None
    return parser.seen
def ours(text):
    try:
        return [[i.section, i.key, i.value] for i in m.Text(text, "f").items if i.key is not None]
    except m.BadText:
        return None
print(json.dumps([[oslo(text), ours(text)] for text in json.load(sys.stdin)]))
`;

type Reading = [string, string, string][] | null;

function readBoth(texts: string[]): [Reading, Reading][] {
    const done = spawnSync(PYTHON, ["-c", READERS, APPLY], {
        input: JSON.stringify(texts),
    });
    assert.equal(done.status, 0, done.stderr.toString());
    return JSON.parse(done.stdout.toString()) as [Reading, Reading][];
}

describe("the file as oslo.config reads it", function () {
    this.timeout(60_000);
    before(function () {
        needs("oslo_config", () => this.skip());
    });

    it("is read the same by us, whatever is in it", () => {
        const piece = fc.constantFrom(
            "[a]",
            "[DEFAULT]",
            "[b",
            "[]",
            "[ c ]",
            "k = v",
            "k:v",
            "k=",
            "=v",
            " more",
            "\tmore",
            "# c",
            ";c",
            "",
            "  ",
            'k = "q"',
            "k = '",
            "k = \"a' ",
            "a:b=c",
            "a=b:c",
            "\u00a0x = 1",
            "x = \u2028y",
            "\u000bz = 1",
            "word",
            "k\u0085= 1",
        );
        const end = fc.constantFrom("\n", "\n", "\r\n", "\r");
        const text = fc
            .array(fc.tuple(piece, end), { maxLength: 9 })
            .map((lines) => lines.map((pair) => pair.join("")).join(""));
        fc.assert(
            fc.property(
                fc.array(
                    text.map((rest) => `[s]\n${rest}`),
                    { minLength: 200, maxLength: 300 },
                ),
                (texts) => {
                    const both = readBoth(texts);
                    both.forEach(([oslo, ours], index) => {
                        assert.deepEqual(ours, oslo, JSON.stringify(texts[index]));
                    });
                    assert.ok(
                        both.some(([oslo]) => oslo !== null),
                        "some texts must be good",
                    );
                    assert.ok(
                        both.some(([oslo]) => oslo === null),
                        "some texts must be bad",
                    );
                },
            ),
            { numRuns: 10 },
        );
    });
});

const ceph = (changes: Record<string, string>): BackendRequest[] => [
    { section: "ceph", options: { ...CEPH.options, ...changes } },
];
const ofUser = (rbd_user: string): BackendRequest[] => [
    {
        section: "ceph",
        options: {
            rbd_pool: "volumes",
            volume_driver: "cinder.volume.drivers.rbd.RBDDriver",
            rbd_user,
        },
    },
];
const judged = (host: FakeHost, changes: Record<string, unknown> = {}, verb = "apply"): Run =>
    host.apply(
        {
            python: PYTHON,
            skipChecks: ["target", "guard", "health"],
            ...changes,
        },
        verb,
    );

describe("Cinder's own judgement of a candidate", function () {
    this.timeout(60_000);
    before(function () {
        needs("cinder.volume.drivers.rbd", () => this.skip());
    });

    it("accepts a good one", () =>
        withHost((host) => {
            const run = judged(host);
            assert.equal(run.result.outcome, "restarted", run.stderr);
            assert.equal(judged(host).result.outcome, "unchanged");
        }));

    it("is that of the virtualenv that `python` names, as openstack-ansible has one", () =>
        withHost((host) => {
            const venv = (name: string, ...flags: string[]): string => {
                const folder = join(host.root, name);
                const words = ["-m", "venv", "--without-pip", ...flags, folder];
                assert.equal(spawnSync(PYTHON, words).status, 0);
                return join(folder, "bin/python3");
            };
            // Both lead to the same interpreter by a symlink; what they can import differs.
            const empty = judged(host, { python: venv("empty") });
            assert.equal(empty.code, 3, empty.stderr);
            assert.match(
                empty.stderr,
                /cinder-dr: h1: validate: \S+\/empty\/bin\/python3 cannot judge the configuration: ModuleNotFoundError: No module named 'oslo_config'; python must name the interpreter that cinder-volume runs with/,
            );
            const cinder = judged(host, { python: venv("cinder", "--system-site-packages") });
            assert.equal(cinder.result.outcome, "restarted", cinder.stderr);
        }));

    const refused: [
        what: string,
        changes: Record<string, string>,
        text: string,
        message: RegExp,
    ][] = [
        [
            "a device without pairs",
            { replication_device: "secondary" },
            CONF,
            /\[ceph\] replication_device: .*NAME:VALUE pairs/,
        ],
        [
            "a device without backend_id",
            { replication_device: "conf:/etc/ceph/x.conf" },
            CONF,
            /\[ceph\] replication_device: must have a backend_id/,
        ],
        [
            "a number that is none",
            { rados_connect_timeout: "soon" },
            CONF,
            /\[ceph\] rados_connect_timeout: .*soon/,
        ],
        [
            "a substitution of nothing",
            { rbd_pool: "$nothing" },
            CONF,
            /\[ceph\] rbd_pool: .*nothing/,
        ],
        [
            "a driver that is not there",
            { volume_driver: "cinder.volume.drivers.nosuch.X" },
            CONF,
            /volume_driver 'cinder\.volume\.drivers\.nosuch\.X'/,
        ],
        [
            "a backend without a section",
            {},
            CONF.replace("= lvm\n", "= lvm, ghost\n"),
            /enabled_backends names 'ghost', which has no section/,
        ],
    ];
    for (const [what, changes, text, message] of refused)
        it(`refuses ${what}`, () =>
            withHost((host) => {
                const run = judged(host, { backends: ceph(changes) });
                assert.equal(run.code, 3, run.stderr);
                assert.equal(run.result.step, "validate");
                assert.match(run.stderr, message);
                assert.equal(run.stderr.includes("0dd5e0c2"), false);
                assert.equal(host.read(), text);
            }, text));

    const equal: [what: string, said: string, option: Record<string, string>][] = [
        ["a substitution", "rbd_user = $rbd_pool", { rbd_user: "volumes" }],
        ["an escaped dollar", "rbd_user = a$$b", { rbd_user: "a$$b" }],
        [
            "another spelling of a number",
            "rados_connect_timeout = 05",
            { rados_connect_timeout: "5" },
        ],
        ["quotes", 'rbd_user = "volumes"', { rbd_user: "volumes" }],
        [
            "a device in other words",
            "replication_device = user:cinder , backend_id:secondary,\n   secret_uuid:0dd5e0c2-uuid, conf:/etc/ceph/secondary.conf",
            { replication_device: DEVICE },
        ],
        [
            "a device with a pool, which the driver ignores, and with parts left to its defaults",
            "replication_device = backend_id:secondary,secret_uuid:0dd5e0c2-uuid,pool:volumes",
            { replication_device: DEVICE },
        ],
        [
            "keys left to their defaults",
            "# nothing",
            {
                rbd_cluster_name: "ceph",
                rbd_ceph_conf: "/etc/ceph/ceph.conf",
                replication_connect_timeout: "5",
            },
        ],
    ];
    for (const [what, said, option] of equal)
        it(`finds nothing to do for ${what}`, () =>
            withHost((host) => {
                const run = judged(host, {
                    backends: [
                        {
                            section: "ceph",
                            options: {
                                rbd_pool: "volumes",
                                volume_driver: "cinder.volume.drivers.rbd.RBDDriver",
                                ...option,
                            },
                        },
                    ],
                });
                assert.equal(run.result.outcome, "unchanged", run.stderr);
                assert.equal(host.restarts(), 0);
            }, `[DEFAULT]\nenabled_backends = ceph\n[ceph]\nrbd_pool = volumes\nvolume_driver = cinder.volume.drivers.rbd.RBDDriver\n${said}\n`));

    const DEFAULTS =
        "[DEFAULT]\nenabled_backends = ceph\n[backend_defaults]\nrbd_user = cinder\n[ceph]\nrbd_pool = volumes\nvolume_driver = cinder.volume.drivers.rbd.RBDDriver\n";
    it("leaves a file as it is for what [backend_defaults] says already", () =>
        withHost((host) => {
            const run = judged(host, { backends: ofUser("cinder") });
            assert.equal(run.result.outcome, "unchanged", run.stderr);
            assert.equal(host.restarts(), 0);
            assert.equal(host.read(), DEFAULTS);
        }, DEFAULTS));

    it("writes the section over a [backend_defaults] that says something else", () =>
        withHost((host) => {
            const run = judged(host, { backends: ofUser("other") });
            assert.equal(run.result.outcome, "restarted", run.stderr);
            assert.match(host.read(), /rbd_user = other\n$/);
        }, DEFAULTS));

    it("reads every enabled backend for an adoption, with defaults and substitutions", () =>
        withHost((host) => {
            const { result } = judged(host, { backends: [], adopt: true }, "inspect");
            const { configured } = result as unknown as { configured: unknown[] };
            assert.deepEqual(configured, [
                { section: "lvm", driver: "cinder.volume.drivers.lvm.LVMVolumeDriver" },
                {
                    section: "Fast",
                    driver: "cinder.volume.drivers.rbd.RBDDriver",
                    values: {
                        volume_backend_name: "fast",
                        rbd_pool: "fast",
                        rbd_user: "cinder",
                        rbd_cluster_name: "ceph",
                        rbd_ceph_conf: "/etc/ceph/ceph.conf",
                        rbd_secret_uuid: "0dd5e0c1-uuid",
                        rados_connect_timeout: "-1",
                        replication_connect_timeout: "5",
                    },
                    devices: [
                        {
                            backend_id: "secondary",
                            conf: "/etc/ceph/secondary.conf",
                            user: "cinder",
                            secret_uuid: "0dd5e0c2-uuid",
                        },
                    ],
                    options: { rbd_max_clone_depth: "7" },
                    left: ["backend_host", "no_such_option"],
                },
            ]);
        }, "[DEFAULT]\nenabled_backends = lvm, Fast\n[backend_defaults]\nrbd_user = cinder\n[lvm]\nvolume_driver = cinder.volume.drivers.lvm.LVMVolumeDriver\n[fast]\nbackend_host = x\nrbd_pool = $volume_backend_name\nvolume_backend_name = 'fast'\n[FAST]\nno_such_option = 1\nrbd_max_clone_depth : 7\nrbd_secret_uuid=0dd5e0c1-uuid\nvolume_driver = cinder.volume.drivers.rbd.RBDDriver\nreplication_device = backend_id:secondary,pool:fast,\r\n    secret_uuid:0dd5e0c2-uuid\n"));

    it("names an option that this Cinder does not know, and goes on", () =>
        withHost((host) => {
            const run = judged(host, { backends: ceph({ rbd_no_such_option: "1" }) });
            assert.equal(run.code, 0, run.stderr);
            assert.match(
                run.stderr,
                /\[ceph\] rbd_no_such_option is no option that this Cinder knows/,
            );
        }));
});
