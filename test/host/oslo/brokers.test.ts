import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, before, beforeEach, describe, it } from "mocha";

import { withRequest } from "../../../operations/hostScript";
import { PYTHON } from "../fakeHost";

/** Instead of Cinder and kombu, in front of host/service.py; oslo.messaging reads the URL. */
const STANDINS = `
import json, sys, time, types
def module(name, **words):
    made = sys.modules[name] = types.ModuleType(name)
    made.__dict__.update(words)
    return made
service = types.SimpleNamespace(host="a@ceph", cluster_name=None)
def services(context):
    if FAULT:
        raise RuntimeError(FAULT)
    return []
objects = module("cinder.objects", register_all=lambda: None,
                 ServiceList=types.SimpleNamespace(get_all=services),
                 Service=types.SimpleNamespace(get_by_args=lambda *words: service))
module("cinder", objects=objects, context=types.SimpleNamespace(get_admin_context=lambda: None),
       db=module("cinder.db"), common=module("cinder.common", config=module("cinder.common.config")))
class Connection:
    channel_errors = ()
    def __init__(self, **words):
        self.words = words
    def connect(self):
        with open("FOLDER/dialled", "a") as log:
            log.write(json.dumps(self.words) + "\\n")
        if self.words["hostname"].startswith("mute"):
            time.sleep(60)
        if self.words["hostname"].startswith("dead"):
            raise OSError("no route")
    def __enter__(self):
        return self
    def __exit__(self, *error):
        pass
    def channel(self):
        return types.SimpleNamespace(queue_purge=lambda queue: 1, close=lambda: None)
import kombu, oslo_messaging._drivers.impl_rabbit
kombu.Connection = Connection
from oslo_config import cfg
from oslo_db import options
options.set_defaults(cfg.CONF)
`;

describe("the message broker of a Cinder host", function () {
    this.timeout(20_000);
    let root: string;
    before(function () {
        if (spawnSync(PYTHON, ["-c", "import oslo_messaging"]).status === 0) return;
        assert.equal(
            process.env["CI"],
            undefined,
            "oslo_messaging must be installed where CI runs",
        );
        this.skip();
    });
    beforeEach(() => {
        root = mkdtempSync(join(tmpdir(), "cinder-dr-broker-"));
    });
    afterEach(() => {
        rmSync(root, { recursive: true });
    });

    function ask(what: string, url: string, section = "", fault = ""): unknown {
        const config = join(root, "cinder.conf");
        writeFileSync(config, `[DEFAULT]\ntransport_url = ${url}\n${section}`);
        // A unit that is not there: no cinder-volume of this machine tells its files.
        const request = {
            do: what,
            service: "a@ceph",
            seconds: 2,
            config,
            unit: "cinder-dr-no-unit",
        };
        const script = withRequest("service.py", request).toString("utf8");
        const done = spawnSync(PYTHON, ["-I", "-"], {
            input: `FAULT = ${JSON.stringify(fault)}\n${STANDINS.replace("FOLDER", root)}${script}`,
        });
        return JSON.parse(done.stdout.toString());
    }
    const dialled = (): Record<string, unknown>[] =>
        readFileSync(join(root, "dialled"), "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as Record<string, unknown>);
    /** What the last one was told of TLS. */
    function tls(url: string, section?: string): unknown {
        assert.deepEqual(ask("drain", url, section), { dropped: 2 });
        return dialled().at(-1)?.["ssl"];
    }

    const URL = "rabbit://openstack:hunter2@10.0.0.1:5671//cinder";
    const SECTION = "[oslo_messaging_rabbit]\nssl = true\n";
    const CA = { ca_certs: "/etc/ca.crt", cert_reqs: 2 };

    it("is spoken to by TLS where its URL says so, as OpenStack-Ansible writes it", () => {
        assert.deepEqual(tls(`${URL}?ssl=1&ssl_version=TLSv1_2&ssl_ca_file=/etc/ca.crt`), CA);
        const [first] = dialled();
        assert.deepEqual([first?.["port"], first?.["virtual_host"]], [5671, "/cinder"]);
    });

    it("is tried with the database, and each says what is wrong with it, without a password", () => {
        const at = (...hosts: string[]) =>
            `rabbit://${hosts.map((host) => `openstack:hunter2@${host}:5672`).join(",")}/`;
        assert.deepEqual(ask("connect", at("10.0.0.1")), { trouble: null });
        assert.deepEqual(ask("connect", at("dead-1", "mute-1", "10.0.0.1")), { trouble: null });
        assert.deepEqual(
            ask("connect", at("dead-1"), "", "no mysql://cinder:hunter2@db/cinder\nmore"),
            {
                trouble:
                    "database: RuntimeError: no mysql://***@db/cinder; message broker: RuntimeError: no message broker answers: dead-1: OSError: no route",
            },
        );
        assert.deepEqual(ask("connect", at("mute-1")), {
            trouble: "message broker: no answer within 2 s",
        });
    });

    it("is one that answers, of several that share their queues", () => {
        const url = "rabbit://o:p@mute-1:5672,o:p@10.0.0.1:5672/";
        assert.deepEqual(ask("drain", url), { dropped: 2 });
    });

    it("is spoken to by TLS where the section says so, unless its URL says otherwise", () => {
        assert.deepEqual(tls(URL, `${SECTION}ssl_ca_file = /etc/ca.crt\n`), CA);
        assert.equal(tls(URL, SECTION), true);
        assert.equal(tls(`${URL}?ssl=0`, SECTION), false);
        assert.equal(tls(`${URL}?heartbeat_timeout_threshold=0&amqp_durable_queues=1`), false);
    });
});
