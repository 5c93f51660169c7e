import { strict as assert } from "node:assert";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { driftFileName } from "../../../core/drift/record";
import { waitFor } from "../../../operations/wait";
import { adminHosts, driftOf } from "../adminHost";
import {
    cancel,
    configFile,
    expectCode,
    killGroup,
    lab,
    labTopology,
    preview,
    run,
    STACK,
    startUp,
    thenLabUp,
    up,
    type Mutable,
} from "../support";

const RECORD = join(__dirname, "../../..", driftFileName(STACK));
const UNIT = "ceph-rbd-mirror@rbd-mirror.secondary.service";

/** Faults of the Ceph side: each ends in one clear sentence within bounded time, and the next `up` converges. */
describe("a fault of the Ceph side", () => {
    const topology = labTopology();
    const sites = adminHosts();
    const daemons = () => Promise.all([sites.primary.daemon(), sites.secondary.daemon()]);
    let runs = 0;
    /** Another limit runs every step of the Ceph side anew. */
    const anew = (change: (topology: Mutable) => void = () => undefined): Mutable => {
        const other = labTopology();
        for (const role of ["primary", "secondary"])
            other.sites[role].rbdMirror.healthSeconds = 100 - ++runs;
        change(other);
        return other;
    };
    /** The sentence of a run that must fail. */
    const failed = async (given: Mutable, limit: number): Promise<string> => {
        const begun = Date.now();
        const { code, output } = await up(given);
        assert.notEqual(code, 0, output);
        const seconds = (Date.now() - begun) / 1000;
        assert.ok(seconds < limit, `took ${String(seconds)} s`);
        assert.doesNotMatch(output, /AQ[A-Za-z0-9+/]{30}|eyJ[A-Za-z0-9+/]{30}/, "a key is shown");
        const said = /^ *cinder-dr: (.*)$/m.exec(output)?.[1];
        assert.ok(said, output);
        return said;
    };
    const healthy = async (): Promise<void> => {
        assert.deepEqual(await driftOf(topology, 0, "--record", RECORD), []);
    };

    const wired = async (): Promise<void> => {
        for (const [site, other] of [
            [sites.primary, "secondary"],
            [sites.secondary, "primary"],
        ] as const)
            assert.deepEqual(
                (await site.peers()).map((p) => [p.site_name, p.direction, p.client_name]),
                [[other, "rx-tx", "client.rbd-mirror-peer"]],
            );
    };

    before(async () => {
        // Whatever an earlier run broke is drift.
        const words = ["cli/bin.js", "drift", "--topology", configFile(topology)];
        await run("node", [...words, "--record", RECORD]);
        expectCode(await up(topology), 0);
    });
    after(() => {
        rmSync(RECORD, { force: true });
        for (const site of Object.values(sites)) site.close();
    });

    it("left a daemon stuck on a replaced peer: it is restarted, and no other", async () => {
        const before = await daemons();
        const [peer] = await sites.primary.peers();
        assert.ok(peer);
        await sites.primary.sh(
            `rbd mirror pool peer set volumes ${peer.uuid} client client.nobody`,
        );
        const stuck = () =>
            sites.primary.sh("rbd mirror pool status volumes --verbose --format json");
        const limits = { what: "the callout", seconds: 90, signal: AbortSignal.timeout(120_000) };
        await waitFor(
            async () => (/unable to connect/.test(await stuck()) ? true : undefined),
            limits,
        );
        assert.deepEqual(await driftOf(topology, 3, "--record", RECORD), [
            "drifted sites.primary.peers.volumes: pool volumes peer user",
            "drifted sites.primary.rbdMirror: pool volumes rbd-mirror",
        ]);
        // Without consent it is said, and nothing is touched.
        const said = await failed(anew(), 90);
        assert.match(
            said,
            /^site primary: survey: pool 'volumes' has a peer that is client\.nobody there, and as it site 'secondary' cannot be reached: .*consent with mirroring\.consent\.replacePeer \(this step changed nothing\)$/,
        );
        assert.deepEqual((await sites.primary.peers())[0]?.uuid, peer.uuid);

        const consented = anew((t) => {
            t.mirroring.consent = { replacePeer: "the peer's user is nobody" };
        });
        expectCode(await up(consented), 0);
        const [primary, secondary] = await daemons();
        assert.notEqual(primary, before[0]);
        assert.equal(secondary, before[1]);
        await healthy();
        // Nothing differs: nothing is restarted, though every step runs.
        expectCode(await up(anew()), 0);
        assert.deepEqual(await daemons(), [primary, secondary]);
    });

    it("damaged the token: the import says so, and both sides keep what they had", async () => {
        const before = await sites.secondary.peers();
        await sites.primary.sh(`mkdir -p /root/bad && cat >/root/bad/rbd <<'E'
#!/usr/bin/python3
import base64, json, os, subprocess, sys
words = ["/usr/bin/rbd"] + sys.argv[1:]
if "create" not in words: os.execv(words[0], words)
token = json.loads(base64.b64decode(subprocess.check_output(words)))
token["key"] = token["key"][:8] + "A" * 16 + token["key"][24:]
print(base64.b64encode(json.dumps(token).encode()).decode())
E
chmod 755 /root/bad/rbd`);
        const bad = anew((t) => {
            t.sites.primary.commandPrefix = ["env", "PATH=/root/bad:/usr/bin:/bin"];
        });
        const said = await failed(bad, 120);
        assert.match(
            said,
            /^site secondary: import: the other cluster cannot be reached from here as client\.rbd-mirror-peer: .*; both clusters' monitors must be reachable .*\(this step changed nothing\)$/,
        );
        assert.deepEqual(await sites.secondary.peers(), before);
        expectCode(await up(anew()), 0);
        assert.deepEqual(await sites.secondary.peers(), before);
        await sites.primary.sh("rm -r /root/bad");
    });

    it("made one cluster unreachable: said within its limit, the other one is not touched", async () => {
        lab("kill", "secondary", "mon");
        await thenLabUp(async () => {
            const keys = await sites.primary.sh(
                "ceph config-key ls; ceph auth ls 2>&1 | sha256sum",
            );
            const said = await failed(anew(), 90);
            assert.match(
                said,
                /^site secondary: survey: the cluster cannot be reached as client\.admin with \/etc\/ceph\/ceph\.conf: .*; make `ceph .* -s` work on the admin host \(this step changed nothing\)$/,
            );
            assert.equal(
                await sites.primary.sh("ceph config-key ls; ceph auth ls 2>&1 | sha256sum"),
                keys,
            );
        });
        expectCode(await up(anew()), 0);
        await healthy();
    });

    it("kept a daemon from starting: host, unit and its log are named", async () => {
        const file = `/etc/systemd/system/${UNIT}`;
        await sites.secondary.sh(
            `cp ${file} /root/unit && systemctl stop ${UNIT} && sed -i 's|^ExecStart=.*|ExecStart=/bin/false|' ${file}`,
        );
        try {
            // Nobody told `up` that the daemon is down: it says how it is told.
            const short = anew((t) => {
                t.sites.secondary.rbdMirror.healthSeconds = 5;
            });
            assert.match(
                await failed(short, 90),
                /^site secondary: health: daemon health of pool 'volumes' is .*, after 5 s; look at the daemons' logs on site 'secondary'; one that does not run is started by `cinder-dr drift --record` and `pulumi up`$/,
            );
            assert.deepEqual(await driftOf(topology, 3, "--record", RECORD), [
                "drifted sites.secondary.rbdMirror: pool volumes rbd-mirror",
            ]);
            const said = await failed(anew(), 120);
            assert.match(
                said,
                /^host ceph-secondary: daemon: .*ceph-rbd-mirror@rbd-mirror\.secondary/,
            );
            assert.match(
                said,
                /; look at `journalctl -u ceph-rbd-mirror@rbd-mirror\.secondary\.service` on the host, then run again/,
            );
        } finally {
            await sites.secondary.sh(`mv /root/unit ${file}`);
        }
        expectCode(await up(anew()), 0);
        assert.notEqual(await sites.secondary.daemon(), "");
        await healthy();
    });

    it("killed the bootstrap between the two sites: the next up makes the other half", async () => {
        for (const site of Object.values(sites))
            for (const { uuid } of await site.peers())
                await site.sh(`rbd mirror pool peer remove volumes ${uuid}`);
        await sites.primary.sh(
            "ceph auth del client.rbd-mirror-peer; ceph config-key rm rbd/mirror/peer_client_id",
        );
        const begun = startUp(anew());
        const ended = new Promise((done) => begun.once("exit", done));
        const made = () => sites.primary.sh("ceph auth get client.rbd-mirror-peer 2>&1 || true");
        await waitFor(async () => (/key = /.test(await made()) ? true : undefined), {
            what: "the peer's user",
            seconds: 90,
            signal: AbortSignal.timeout(120_000),
        });
        killGroup(begun);
        await ended;
        await pause(3000);
        await cancel();
        expectCode(await up(anew()), 0);
        await wired();
        // The same a step further: the user is there, and the peer is not.
        for (const { uuid } of await sites.secondary.peers())
            await sites.secondary.sh(`rbd mirror pool peer remove volumes ${uuid}`);
        expectCode(await up(anew()), 0);
        await wired();
        await healthy();
        const { output } = expectCode(await preview(topology), 0);
        assert.doesNotMatch(output, /pending/i);
    });
});
