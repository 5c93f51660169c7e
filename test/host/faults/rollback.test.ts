import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { CEPH, CONF, withHost } from "../fakeHost";

const SKIP_CEPH = ["target"];
const withOption = (key: string, value: string) => [
    { ...CEPH, options: { ...CEPH.options, [key]: value } },
];

describe("apply rolls back", function () {
    this.timeout(20_000);

    const sick: [what: string, world: Record<string, string>, message: RegExp][] = [
        [
            "the restart command fails",
            { restartFailsOn: "rbd_pool = bad" },
            /ended with 1: Job failed, password=\*\*\*/,
        ],
        [
            "the process exits",
            { exitsOn: "rbd_pool = bad" },
            /after the restart the service is 'failed'/,
        ],
        ["no heartbeat comes", { mutesOn: "rbd_pool = bad" }, /replication_status is 'error'/],
    ];
    for (const [what, world, message] of sick)
        it(`when ${what}`, () =>
            withHost((host) => {
                host.world(world);
                host.service("restart");
                const run = host.apply({
                    skipChecks: SKIP_CEPH,
                    backends: withOption("rbd_pool", "bad"),
                });
                assert.equal(run.code, 4, run.stderr);
                assert.equal(run.result.outcome, "rolled-back");
                assert.match(run.stderr, message);
                assert.equal(run.stderr.includes("hunter2"), false);
                assert.equal(host.read(), CONF);
                assert.notEqual(host.service("status"), "0");
                assert.equal(existsSync(join(host.state, "pending")), false);
                assert.equal(existsSync(join(host.state, "record.json")), false);
                const next = host.apply({ skipChecks: SKIP_CEPH });
                assert.equal(next.result.outcome, "restarted", next.stderr);
                host.apply({ skipChecks: SKIP_CEPH }, "remove");
                assert.equal(host.read(), CONF);
            }));

    it("and stops there, with both files, when the old configuration does not come up either", () =>
        withHost((host) => {
            host.world({ exitsOn: "[ceph]" });
            const run = host.apply({ skipChecks: SKIP_CEPH });
            assert.equal(run.code, 1, run.stderr);
            assert.match(run.stderr, /does not come up either.*the refused file is \S+rejected/);
            assert.equal(host.restarts(), 2);
            assert.equal(host.read(), CONF);
            assert.match(readFileSync(join(host.state, "rejected"), "utf8"), /replication_device/);
        }));

    it("a removal, and still remembers what was before us", () =>
        withHost((host) => {
            host.service("restart");
            assert.equal(host.apply({ skipChecks: SKIP_CEPH }).code, 0);
            const ours = host.read();
            host.world({ mutesOn: "old-name" });
            assert.equal(host.apply({ skipChecks: SKIP_CEPH }, "remove").code, 4);
            assert.equal(host.read(), ours);
            host.world({});
            assert.equal(host.apply({ skipChecks: SKIP_CEPH }, "remove").result.outcome, "removed");
            assert.equal(host.read(), CONF);
        }));
});
