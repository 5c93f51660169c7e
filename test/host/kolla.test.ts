import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    readFileSync,
    renameSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "mocha";
import { APPLY, CONF, PYTHON, SIDES, withHost, type FakeHost } from "./fakeHost";

const VENV = "/var/lib/kolla/venv/bin/python3";

/** kolla-ansible's layout: the container reads its own copy of this file, made at each of its starts. */
function kolla(host: FakeHost): { conf: string; request: Record<string, unknown> } {
    const conf = join(host.root, "etc/kolla/cinder-volume/cinder.conf");
    mkdirSync(dirname(conf), { recursive: true });
    renameSync(host.conf, conf);
    chmodSync(conf, 0o600);
    // Where the stand-ins look.
    symlinkSync(conf, host.conf);
    return {
        conf,
        request: {
            configFile: conf,
            serviceUser: "cinder",
            service: {
                container: {
                    engine: join(host.root, "engine"),
                    name: "cinder_volume",
                    python: VENV,
                },
            },
            backends: [SIDES],
            skipChecks: [],
        },
    };
}

/** What the engine was told since the last look; a question that repeats once, a program's text as `…`. */
function told(host: FakeHost): string[] {
    const log = join(host.root, "engine.log");
    const lines = readFileSync(log, "utf8").trim().split("\n");
    writeFileSync(log, "");
    const said = lines.map((line) =>
        (JSON.parse(line) as string[]).map((word) => (word.includes("\n") ? "…" : word)).join(" "),
    );
    return [...new Set(said)];
}

const INSPECT = "inspect --format {{.State.Status}} {{.State.Pid}} cinder_volume";
const exec = (words: string) => `exec -i -u cinder cinder_volume ${words}`;
const ls = (cluster: string) =>
    exec(
        `rbd --cluster ${cluster} --conf /etc/ceph/${cluster}.conf --id cinder -p volumes --client-mount-timeout 5 ls`,
    );

describe("a host of kolla-ansible", function () {
    this.timeout(20_000);

    it("has its file below /etc/kolla written and its container asked and restarted, in these words", () =>
        withHost((host) => {
            const { conf, request } = kolla(host);
            host.service("restart");
            const run = host.apply(request);
            assert.equal(run.code, 0, run.stderr);
            assert.match(run.stdout, /"outcome": "restarted"/);
            assert.deepEqual(told(host), [
                INSPECT,
                exec(`${VENV} -c …`),
                ls("secondary"),
                ls("ceph"),
                "restart cinder_volume",
            ]);
            assert.match(
                readFileSync(conf, "utf8"),
                /^replication_device = backend_id:secondary,/m,
            );
            assert.equal(statSync(conf).mode & 0o777, 0o600);
            const state = join(dirname(conf), ".cinder-dr/cinder.conf");
            assert.ok(existsSync(join(state, "record.json")));

            assert.match(host.apply(request).stdout, /"outcome": "unchanged"/);
            assert.deepEqual(told(host), [INSPECT]);

            const removed = host.apply(request, "remove");
            assert.match(removed.stdout, /"outcome": "removed"/, removed.stderr);
            assert.equal(told(host).includes("restart cinder_volume"), true);
            assert.equal(readFileSync(conf, "utf8"), CONF);
            assert.equal(existsSync(join(dirname(conf), ".cinder-dr")), false);
            assert.equal(host.restarts(), 3);
        }));

    it("has its container restarted by the unit that keeps it running, which must be there", () => {
        /** @param said what is printed by `systemctl show`, `systemctl is-active` and `docker inspect` */
        const service = (question: string, spec: object, said: object = {}) => {
            const code = `import sys, json
m = {"__name__": "apply"}
exec(compile(open(sys.argv[1]).read(), "apply", "exec"), m)
spec, said = json.loads(sys.argv[3]), json.loads(sys.argv[4])
m["run"] = lambda words, seconds: m["Ran"](0, said.get(words[1], ""))
m["check_service"](spec)
print(json.dumps(eval("m['Service'](spec).%s" % sys.argv[2])))`;
            const given = [JSON.stringify({ container: spec }), JSON.stringify(said)];
            const done = spawnSync(PYTHON, ["-c", code, APPLY, question, ...given]);
            return JSON.parse(done.stdout.toString() || `"${String(done.stderr)}"`) as unknown;
        };
        const unit = "kolla-cinder_volume-container.service";
        const plain = { engine: "docker", name: "cinder_volume" };
        const spec = { ...plain, unit };
        assert.deepEqual(service("words('restart')", spec), ["systemctl", "restart", unit]);
        assert.deepEqual((service("words('status')", spec) as string[]).slice(0, 2), [
            "docker",
            "inspect",
        ]);
        assert.equal(
            service("missing()", spec, { show: "LoadState=not-found" }),
            `service.container.unit must name a unit of this host, got '${unit}'`,
        );
        assert.equal(service("missing()", plain), null);
        // Its restart ends before the container has started: that is no end of it.
        const between = { inspect: "exited 0", "is-active": "active" };
        assert.equal(service("state()", spec, between), "activating");
        assert.equal(service("state()", spec, { ...between, "is-active": "failed" }), "exited");
        assert.equal(service("state()", plain, between), "exited");
    });

    it("is left running where the container cannot judge or reach what is asked for", () =>
        withHost((host) => {
            const { conf, request } = kolla(host);
            host.service("restart");
            host.world({ problems: ["[ceph] rbd_pool: no"] });
            const judged = host.apply(request);
            assert.equal(judged.code, 3);
            assert.match(
                judged.stderr,
                /cinder-dr: h1: validate: Cinder would refuse the configuration: \[ceph\] rbd_pool: no/,
            );
            host.world({ rbd: { secondary: 1 } });
            assert.match(
                host.apply(request).stderr,
                /cinder-dr: h1: target: \[ceph\] the replication target 'secondary' cannot be reached from this host as cinder: rbd: couldn't connect to the cluster!/,
            );
            assert.equal(told(host).includes("restart cinder_volume"), false);
            assert.equal(readFileSync(conf, "utf8"), CONF);
        }));
});
