import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { DaemonView } from "../../core/replica";
import { parseTopology } from "../../core/topology";
import { CephSite } from "../../operations/cephSite";
import { MirrorDaemons } from "../../operations/mirrorDaemons";
import { RefusedError } from "../../operations/operationEnd";
import { SshHost } from "../../operations/ssh";
import { goodTopology } from "../support/topology";
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
        return new MirrorDaemons(at, site).running(view({}, { daemons: { list } }));
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
                        next: "with `mirroring` in the topology, name the hosts of all in sites.secondary.rbdMirror.hosts; or stop all by hand, there and on the admin host, and say --rbd-mirror-stopped",
                    },
                ]);
                return true;
            });
        });
});
