import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isSeen, type Unseen } from "../../core/replica";
import { parseTopology, type Site } from "../../core/topology";
import { CephSite } from "../../operations/cephSite";
import { CinderHost } from "../../operations/cinderHost";
import { lookAt, takeSurvey } from "../../operations/takeSurvey";
import { partsOf } from "../support/parts";
import { SshServer, type Outcome } from "../support/sshServer";
import { backend, reader, row, view } from "../support/survey";
import { goodTopology } from "../support/topology";

describe("a look over SSH", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-look-"));
    const identity = join(folder, "key");
    let server: SshServer;
    let outcome: Outcome;

    before(async () => {
        server = await SshServer.start(() => outcome);
        writeFileSync(identity, server.clientKey);
    });
    after(async () => {
        await server.stop();
        rmSync(folder, { recursive: true });
    });

    /** Looks over a real connection, with the 5 s of a forced failover. */
    async function look(stdout: string, code: number, change: Partial<Site> = {}): Promise<Unseen> {
        outcome = { code, stdout };
        const { primary } = parseTopology(goodTopology()).sites;
        const adminHost = server.connection(identity);
        const parts = partsOf(view({}));
        parts.sites.primary = new CephSite("primary", { ...primary, adminHost, ...change });
        try {
            const seen = await lookAt(parts, "primary", "volumes", { seconds: 5 });
            assert.ok(!isSeen(seen));
            return seen;
        } finally {
            parts.sites.primary.close();
        }
    }
    const LIVES = '{"lives": "f"}\n';

    it("knows the cluster that answered before the look was cut off or failed", async () => {
        assert.deepEqual(await look(LIVES, 124), {
            unseen: `site paris (127.0.0.1): python3 look: exit code 124: no answer within 5 s`,
            isLate: true,
            lives: true,
        });
        assert.deepEqual(await look(`${LIVES}{"error": "TimedOut: [errno 110]"}\n`, 0), {
            unseen: "site paris (127.0.0.1): look in pool volumes: TimedOut: [errno 110]",
            lives: true,
        });
        assert.deepEqual(await look(`${LIVES}{"fsid": "f", "images": {"volume-1": {"sta`, 124), {
            unseen: `site paris (127.0.0.1): python3 look: exit code 124: no answer within 5 s`,
            isLate: true,
            lives: true,
        });
        const other = await look(LIVES, 124, { fsid: "another one" });
        assert.deepEqual([other.isLate, other.lives], [true, undefined]);
    });

    it("names a script that ended well with half an answer", async () => {
        const { unseen, isLate } = await look(`${LIVES}{"fsid": "f"`, 0);
        assert.match(unseen, /python3 look: exit code 0: its answer is no whole JSON object$/);
        assert.equal(isLate, undefined);
    });

    it("tells one that was not asked in time from one that cannot be reached", async () => {
        assert.equal((await look("", 124)).isLate, true);
        assert.equal((await look('{"error": "TimedOut: connect"}\n', 0)).isLate, undefined);
    });

    it("gives a prefix that starts a container time of its own, and Ceph none of it", async () => {
        const { unseen } = await look("", 124, { commandPrefix: ["cephadm", "shell", "--"] });
        assert.match(unseen, /no answer within 20 s$/);
        assert.match(server.commands.at(-1) ?? "", /^timeout -k 5 20 cephadm shell -- python3 -$/);
        await look("", 124);
        assert.match(server.commands.at(-1) ?? "", /^timeout -k 5 5 python3 -$/);
    });

    it("hears from a host by what template its images are called", async () => {
        const answer = { service: "cinder-a@ceph", template: "vol-%s", reach: { secondary: null } };
        outcome = { code: 0, stdout: JSON.stringify(answer) };
        const [given] = parseTopology(goodTopology()).hosts;
        assert.ok(given);
        const host = new CinderHost({ ...given, connection: server.connection(identity) });
        try {
            assert.deepEqual(await host.look(backend, ["secondary"], 1), {
                name: "cinder-a",
                service: "cinder-a@ceph",
                template: "vol-%s",
                reach: {},
            });
        } finally {
            host.close();
        }
    });

    it("does not count the time that SSH takes to connect", async () => {
        const parts = partsOf(view({}));
        parts.sites.primary.pool = <T>() =>
            new Promise<T>((resolve) => setTimeout(resolve, 60, view({}) as T));
        assert.ok(isSeen(await lookAt(parts, "primary", "volumes", { seconds: 0.03 })));
    });
});

describe("a survey", () => {
    it("leaves out what otherHosts names, and tells of it whether this pool has its volumes", async () => {
        const parts = partsOf(view({ "volume-v2": reader() }));
        parts.cinder.services = () => Promise.resolve([row(), row({ host: "edge-1@ceph" })]);
        const [one] = await parts.cinder.allVolumes();
        assert.ok(one);
        const edge = { "os-vol-host-attr:host": "edge-1@ceph#ceph" };
        parts.cinder.allVolumes = () =>
            Promise.resolve([one, { ...one, id: "v2", ...edge }, { ...one, id: "v3", ...edge }]);
        const whose = { ...backend, otherHosts: ["edge-1"] };
        const { rows, pairs, others } = await takeSurvey(parts, whose);
        assert.deepEqual([rows.map(({ host }) => host), pairs.length], [["cinder-a@ceph"], 1]);
        assert.deepEqual(
            others.map(({ row: { host }, mirrored }) => [host, mirrored]),
            [["edge-1@ceph", ["v2"]]],
        );
    });
});
