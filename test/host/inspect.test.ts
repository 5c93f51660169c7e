import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { CEPH, CONF, DEVICE, withHost, type FakeHost } from "./fakeHost";

interface Seen {
    problem: string | null;
    sections: Record<string, { keys: Record<string, string[]>; enabled: boolean; host: string }>;
    service: { state: string; pid: number; unread: boolean };
}

const inspect = (host: FakeHost, changes: Record<string, unknown> = {}): Seen => {
    const { code, result } = host.apply(changes, "inspect");
    assert.equal(code, 0);
    return result as unknown as Seen;
};
const keys = (host: FakeHost) => inspect(host).sections.ceph?.keys;
const sums = (host: FakeHost) =>
    execFileSync("sh", [
        "-c",
        `cd ${host.root}/etc && find . | xargs ls -ldi --time-style=full-iso`,
    ]).toString();

describe("inspect on one host", () => {
    it("finds nothing after a push, changes nothing and restarts nothing", () =>
        withHost((host) => {
            host.service("restart");
            host.apply();
            const [before, restarts] = [sums(host), host.restarts()];
            const seen = inspect(host);
            assert.equal(seen.problem, null);
            assert.deepEqual([seen.sections.ceph?.keys, seen.sections.ceph?.enabled], [{}, true]);
            assert.deepEqual([seen.service.state, seen.service.unread], ["active", false]);
            assert.equal(sums(host), before);
            assert.equal(host.restarts(), restarts);
        }));

    it("leaves no folder on a host that was never pushed, and says what it lacks", () =>
        withHost((host) => {
            const seen = inspect(host);
            assert.equal(seen.sections.ceph?.enabled, false);
            assert.deepEqual(seen.sections.ceph.keys, {
                volume_driver: [],
                volume_backend_name: ["old-name"],
                replication_device: [],
            });
            assert.deepEqual(readdirSync(join(host.root, "etc")), ["cinder.conf"]);
        }));

    it("names a key that was edited by hand with what it says, and no secret of it", () =>
        withHost((host) => {
            host.apply();
            host.write(
                host
                    .read()
                    .replace(DEVICE, "backend_id:x,conf:/c,user:u,secret_uuid:11112222-uuid")
                    .replace("rbd_pool = volumes", "rbd_pool = other"),
            );
            assert.deepEqual(keys(host), {
                rbd_pool: ["other"],
                replication_device: ["backend_id:x,conf:/c,user:u,secret_uuid:***"],
            });
        }));

    it("calls a file that a push would refuse a problem, in the push's words", () =>
        withHost((host) => {
            host.write("no ini\n");
            assert.match(inspect(host).problem ?? "", /No ':' or '=' found in assignment/);
            rmSync(host.conf);
            assert.match(inspect(host).problem ?? "", /^configFile must exist/);
        }));

    it("says the service's name in Cinder's database", () =>
        withHost(
            (host) => {
                assert.equal(inspect(host).sections.ceph?.host, "h1@ceph");
            },
            CONF.replace("debug = true", "host = h1"),
        ));
});

describe("the running process", () => {
    const unread = (host: FakeHost) => inspect(host).service.unread;

    it("has not read an edit until it is restarted, whatever the file's time says", () =>
        withHost((host) => {
            host.service("restart");
            host.apply();
            host.write(host.read().replace("debug = true", "debug = false"));
            execFileSync("touch", ["-d", "2020-01-01", host.conf]);
            assert.equal(unread(host), true);
            assert.deepEqual(keys(host), {});
        }));

    it("has read a change that the push saw no need to restart for", () =>
        withHost((host) => {
            host.service("restart");
            host.apply();
            assert.equal(host.apply().result.outcome, "unchanged");
            assert.equal(unread(host), false);
        }));

    it("is restarted by a push that finds it older than its file", () =>
        withHost((host) => {
            host.service("restart");
            host.apply();
            host.write(host.read().replace("debug = true", "debug = false"));
            const edited = host.read();
            assert.equal(host.apply().result.outcome, "restarted");
            assert.equal(host.read(), edited);
            assert.equal(unread(host), false);
            assert.equal(host.apply().result.outcome, "unchanged");
        }));

    it("has not read a file that was put back behind its back", () =>
        withHost(async (host) => {
            host.service("restart");
            host.apply();
            const good = host.read();
            host.write(good.replace(CEPH.options.rbd_pool ?? "", "other"));
            host.service("restart");
            await new Promise((resolve) => setTimeout(resolve, 2500));
            host.write(good);
            assert.deepEqual(keys(host), {});
            assert.equal(unread(host), true);
        }));
});
