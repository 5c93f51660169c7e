import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { Finding } from "../../core/finding";
import type { DaemonView } from "../../core/replica";
import { parseTopology } from "../../core/topology";
import { CephSite } from "../../operations/cephSite";
import { MirrorDaemons } from "../../operations/mirrorDaemons";
import { RefusedError } from "../../operations/operationEnd";
import { SshHost } from "../../operations/ssh";
import { RemoteError } from "../../operations/remoteError";
import { goodTopology, HOST_KEY, withValue } from "../support/topology";
import { view } from "../support/survey";

const { secondary: site } = parseTopology(goodTopology()).sites;

describe("the rbd-mirror daemons of a site without rbdMirror", () => {
    /** Units that run on the admin host. */
    let known: string[] = [];
    beforeEach(() => {
        mock.method(SshHost.prototype, "run", (words: string[]) => {
            const unit = words.find((word) => known.includes(word));
            const stdout = Buffer.from(unit === undefined ? "" : `${unit}\n`);
            return Promise.resolve({ code: unit === undefined ? 3 : 0, stdout, stderr: "" });
        });
    });
    afterEach(() => {
        mock.restoreAll();
    });

    /** Those that run, where these units of the admin host do. @param daemons `NAME HOSTNAME ID` of the service map */
    function running(units: string[], ...daemons: string[]): Promise<string[]> {
        known = units;
        const list = daemons.map((one): DaemonView => {
            const [name = "", hostname = "", id = ""] = one.split(" ");
            return { name, hostname, id, beacon: 1 };
        });
        const at = new CephSite("secondary", site);
        return new MirrorDaemons(at, site).running(
            view({}, { daemons: { list } }),
            () => undefined,
        );
    }
    const A = "ceph-rbd-mirror@rbd-mirror.a.service";

    it("are its admin host's units, each once, by either name", async () => {
        assert.deepEqual(await running([A], "a adm 1"), [A]);
        const plain = "ceph-rbd-mirror@b.service";
        assert.deepEqual(await running([A, plain], "a adm 1", "b adm 2"), [A, plain]);
        assert.deepEqual(await running([A], "a adm 1", "a adm 2"), [A], "restarted a moment ago");
        assert.deepEqual(await running([]), []);
    });

    const refused: [string, string[], string[], number][] = [
        ["one runs on another host", [A], ["a adm 1", "b far 2"], 1],
        ["one with the same Ceph user runs on another host", [A], ["a adm 1", "a far 2"], 1],
        ["none is a unit there", [], ["a far 1"], 0],
    ];
    for (const [title, units, daemons, found] of refused)
        it(`are refused with the ways to stop them all where ${title}`, async () => {
            await assert.rejects(running(units, ...daemons), (error) => {
                assert.ok(error instanceof RefusedError, String(error));
                assert.equal(
                    error.message,
                    `refused, nothing was changed: ${String(daemons.length)} rbd-mirror daemon(s) run for site lyon, and ${String(found)} of them as a unit of its admin host`,
                );
                const names = daemons.map((one) => one.replace(/ (\w+) \d$/, " on $1"));
                assert.deepEqual(error.blockers, [
                    {
                        subject: "site lyon",
                        fact: `its service map has rbd-mirror ${names.join(", ")}`,
                        next: "one that has ended leaves the service map within a minute: then the same command again; else, with `mirroring` in the topology, name the hosts of all in sites.secondary.rbdMirror.hosts; or stop all by hand, there and on the admin host, and say --rbd-mirror-stopped",
                    },
                ]);
                return true;
            });
        });
});

describe("the rbd-mirror daemons of hosts that the topology names", () => {
    const hosts = { "ceph-1": { hostKey: HOST_KEY }, "ceph-2": { hostKey: HOST_KEY } };
    const given = withValue(
        "sites/secondary/rbdMirror",
        { hosts },
        withValue("mirroring", {}, goodTopology()),
    );
    const two = parseTopology(given).sites.secondary;
    const daemons = new MirrorDaemons(new CephSite("secondary", two), two);
    const unit = (host: string) => `ceph-rbd-mirror@rbd-mirror.${host}.service on ${host}`;
    let asked: string[] = [];

    /** @param away host that does not answer @param code how each of the others' commands ends */
    function answer(away?: string, code = 0): void {
        asked = [];
        // Restored in the order they were made, a second one would put the first back.
        mock.restoreAll();
        mock.method(SshHost.prototype, "run", function (this: SshHost, words: string[]) {
            asked.push(`${this.name}: ${words[0] ?? ""} ${words.at(-1) ?? ""}`);
            if (this.name === away) return Promise.reject(new RemoteError(away, "ssh: no route"));
            return Promise.resolve({ code, stdout: Buffer.alloc(0), stderr: "no sudo\n" });
        });
    }
    afterEach(() => {
        mock.restoreAll();
    });

    async function running(...names: string[]): Promise<{ names: string[]; found: Finding[] }> {
        const list = names.map((name) => ({ id: name, name, hostname: name, beacon: 1 }));
        const found: Finding[] = [];
        const seen = view({}, { daemons: { list } });
        return { names: await daemons.running(seen, (one) => found.push(one)), found };
    }

    it("are all of them", async () => {
        answer();
        const all = { names: [unit("ceph-1"), unit("ceph-2")], found: [] };
        assert.deepEqual(await running("ceph-1", "ceph-2"), all);
    });

    it("are refused before one is ended where another's host does not answer", async () => {
        answer("ceph-2");
        await assert.rejects(running("ceph-1", "ceph-2"), (error) => {
            assert.ok(error instanceof RefusedError, String(error));
            assert.equal(
                error.message,
                "refused, nothing was changed: not every rbd-mirror daemon of site lyon can be ended from here",
            );
            assert.deepEqual(error.blockers, [
                {
                    subject: "ceph-2",
                    fact: "its rbd-mirror (ceph-2 on ceph-2) cannot be ended: ceph-2: ssh: no route",
                    next: "make SSH to it work; one that is off leaves the service map within a minute, then the same command again; or stop every rbd-mirror of the site by hand, and say --rbd-mirror-stopped",
                },
            ]);
            return true;
        });
        assert.deepEqual(
            asked,
            ["ceph-1", "ceph-2"].map((host) => `${host}: sh ${unit(host).split(" ")[0] ?? ""}`),
            "each was only asked",
        );
    });

    it("are refused where a host answers and does not say whether one runs", async () => {
        answer(undefined, 1);
        await assert.rejects(running("ceph-1"), (error) => {
            assert.ok(error instanceof RefusedError, String(error));
            assert.match(error.blockers[0]?.fact ?? "", /cannot be ended: exit code 1: no sudo$/);
            return true;
        });
        answer(undefined, 3);
        assert.equal((await running("ceph-1")).names.length, 2, "a unit may be between two starts");
    });

    it("are the others where a host is lost and Ceph knows its daemon no more", async () => {
        answer("ceph-2");
        const { names, found } = await running("ceph-1");
        assert.deepEqual(names, [unit("ceph-1")]);
        assert.deepEqual(found, [
            {
                state: "warning",
                subject: "ceph-2",
                fact: "ceph-2: ssh: no route; the service map of lyon has no rbd-mirror of it: none is ended there",
                next: "once it is back: `systemctl start ceph-rbd-mirror@rbd-mirror.ceph-2`",
            },
        ]);
    });

    it("are started each though one's host does not answer", async () => {
        answer("ceph-1");
        await assert.rejects(daemons.start([unit("ceph-1"), unit("ceph-2")]), /ceph-1: ssh/);
        assert.deepEqual(
            asked,
            ["ceph-1", "ceph-2"].map(
                (host) => `${host}: systemctl ${unit(host).split(" ")[0] ?? ""}`,
            ),
        );
    });
});
