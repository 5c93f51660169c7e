import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import { CEPH, CONF, withHost, type FakeHost } from "./fakeHost";

const SKIP_CEPH = ["target"];
const FSID = "6f1c2ad2-4a07-4a45-9a54-5d0f6a1d4c11";
const OWNER = "dr/one";

/** The host's push and removal under the names that a topology gives it. */
const under = (host: FakeHost, name: string) => {
    const request = { host: name, owner: OWNER, skipChecks: SKIP_CEPH };
    return {
        apply: (changes: Record<string, unknown> = {}) => host.apply({ ...request, ...changes }),
        remove: (changes: Record<string, unknown> = {}) =>
            host.apply({ ...request, ...changes }, "remove"),
    };
};

const recorded = (host: FakeHost): Record<string, unknown> =>
    JSON.parse(readFileSync(join(host.state, "record.json"), "utf8")) as Record<string, unknown>;

const clientFiles = (host: FakeHost) => {
    const { username } = userInfo();
    const at = (name: string) => join(host.root, "etc", name);
    return [
        { kind: "conf", path: at("two.conf"), text: `[global]\nfsid = ${FSID}\n`, fsid: FSID },
        {
            kind: "keyring",
            path: at("two.client.cinder.keyring"),
            text: "[client.cinder]\n\tkey = AQnone==\n",
            user: "cinder",
            key: "AQnone==",
            mode: "0640",
            owner: username,
            group: null,
        },
    ];
};

describe("a host with another name in the topology", function () {
    this.timeout(20_000);

    it("keeps its file when the old name is removed after the new one's push", () =>
        withHost((host) => {
            host.service("restart");
            const [old, now] = [under(host, "old-name"), under(host, "new-name")];
            assert.equal(old.apply().result.outcome, "restarted");
            const ours = host.read();
            assert.equal(now.apply().result.outcome, "unchanged");
            assert.equal(recorded(host).host, "new-name");

            const removed = old.remove();
            assert.equal(removed.result.outcome, "unchanged", removed.stderr);
            assert.match(
                removed.stderr,
                /^old-name: the host is managed as new-name now, which is left as it is$/m,
            );
            assert.equal(host.read(), ours);
            assert.equal(host.restarts(), 2);
            assert.equal(now.apply().result.outcome, "unchanged");

            assert.equal(now.remove().result.outcome, "removed");
            assert.equal(host.read(), CONF);
            assert.equal(existsSync(join(host.root, "etc/.cinder-dr")), false);
        }));

    it("keeps the outcome of the new name's push, too", () =>
        withHost((host) => {
            host.world({ rbd: { secondary: 1 } });
            const names = (cluster: string) => ({
                cluster,
                conf: host.conf,
                user: "cinder",
                pool: "volumes",
            });
            const request = {
                service: {
                    container: {
                        engine: join(host.root, "engine"),
                        name: "cinder_volume",
                        python: join(host.root, "python"),
                    },
                },
                backends: [{ ...CEPH, primary: names("ceph"), target: names("secondary") }],
                consent: { unreachableTarget: "Lyon is connected on Friday" },
                skipChecks: [],
            };
            host.service("restart");
            assert.equal(under(host, "old-name").apply(request).result.outcome, "restarted");
            const now = under(host, "new-name").apply(request);
            assert.deepEqual([now.result.outcome, now.result.protected], ["unchanged", false]);
            assert.equal(under(host, "old-name").remove(request).result.outcome, "unchanged");
            assert.equal(under(host, "new-name").apply(request).result.protected, false);
        }));

    for (const order of [
        ["old-name", "new-name"],
        ["new-name", "old-name"],
    ])
        it(`is given back when both are removed, ${String(order[0])} first`, () =>
            withHost((host) => {
                const files = clientFiles(host);
                under(host, "old-name").apply({ files });
                under(host, "new-name").apply({ files });
                const outcomes = order.map((name) => under(host, name).remove().result.outcome);
                assert.deepEqual(outcomes.sort(), ["removed", "unchanged"]);
                assert.equal(host.read(), CONF);
                assert.deepEqual(
                    files.map(({ path }) => existsSync(path)),
                    [false, false],
                );
                assert.equal(existsSync(join(host.root, "etc/.cinder-dr")), false);
            }));

    it("is still the old name's when the new one's push is refused or rolled back", () =>
        withHost((host) => {
            host.service("restart");
            const [old, now] = [under(host, "old-name"), under(host, "new-name")];
            assert.equal(old.apply().code, 0);
            const backends = [{ ...CEPH, options: { ...CEPH.options, rbd_pool: "other" } }];
            host.world({ problems: ["rbd_pool: no"] });
            assert.equal(now.apply({ backends }).result.outcome, "refused");
            host.world({ mutesOn: "other" });
            assert.equal(now.apply({ backends }).result.outcome, "rolled-back");
            assert.equal(recorded(host).host, "old-name");
            host.world({});
            assert.equal(old.remove().result.outcome, "removed");
            assert.equal(host.read(), CONF);
        }));

    it("is the old name's again when that is pushed again", () =>
        withHost((host) => {
            const [old, now] = [under(host, "old-name"), under(host, "new-name")];
            old.apply();
            now.apply();
            assert.equal(old.apply().result.outcome, "unchanged");
            assert.equal(now.remove().result.outcome, "unchanged");
            assert.equal(old.remove().result.outcome, "removed");
            assert.equal(host.read(), CONF);
        }));

    it("is given back by any name where the record of an earlier version has none", () =>
        withHost((host) => {
            under(host, "old-name").apply();
            const nameless = JSON.stringify({ ...recorded(host), host: undefined });
            writeFileSync(join(host.state, "record.json"), nameless);
            assert.equal(under(host, "any-name").remove().result.outcome, "removed");
            assert.equal(host.read(), CONF);
        }));

    it("keeps its client files where cinder.conf was right before", () =>
        withHost((host) => {
            const backends = [{ section: "lvm", options: { volume_group: "vg" } }];
            const files = clientFiles(host);
            const [old, now] = [under(host, "old-name"), under(host, "new-name")];
            assert.equal(old.apply({ backends, files }).result.outcome, "changed");
            assert.equal(now.apply({ backends, files }).result.outcome, "unchanged");
            assert.equal(existsSync(join(host.state, "record.json")), false);
            const removed = old.remove();
            assert.match(removed.stderr, /the host is managed as new-name now/);
            assert.deepEqual(
                files.map(({ path }) => existsSync(path)),
                [true, true],
            );
            assert.equal(now.remove().result.outcome, "removed");
            assert.deepEqual(
                files.map(({ path }) => existsSync(path)),
                [false, false],
            );
        }));

    it("loses no client file to another stack that wants none", () =>
        withHost((host) => {
            const files = clientFiles(host);
            under(host, "h1").apply({ files });
            const other = { owner: "dr/two" };
            assert.equal(under(host, "h1").apply(other).result.outcome, "unchanged");
            assert.deepEqual(
                files.map(({ path }) => existsSync(path)),
                [true, true],
            );
            const removed = under(host, "h1").remove(other);
            assert.match(removed.stderr, /the host is managed by dr\/one, which is left as it is/);
            assert.equal(under(host, "h1").remove().result.outcome, "removed");
        }));
});
