import { strict as assert } from "node:assert";

import { CephSite } from "../../../operations/cephSite";
import { adminHosts } from "../adminHost";
import { destroy, expectCode, LabHost, labTopology, resolved, up, verify } from "../support";

/** Everything that a step could touch and must not: peers, keys, caps, daemons. */
const SHOWN = `
rbd mirror pool info volumes --all --format json 2>&1 | sed 's/"key":"[^"]*"/"key":"***"/'
ceph auth ls 2>/dev/null | sha256sum
ceph config-key ls
pgrep -x rbd-mirror
`;

/** From two bare clusters to a mirrored volume, and again without a change. */
describe("the Ceph side of the stack lab", () => {
    const topology = labTopology();
    const { sites } = resolved(topology);
    const admins = adminHosts();
    const both = (text: string) =>
        Promise.all([admins.primary.sh(text), admins.secondary.sh(text)]);
    const secondary = new CephSite("secondary", sites.secondary);
    const host = new LabHost("cinder-a");

    before(async () => {
        expectCode(await destroy(topology), 0);
    });
    after(() => {
        for (const one of [admins.primary, admins.secondary, secondary, host]) one.close();
    });

    it("begins with clusters that know nothing of Cinder", async () => {
        for (const seen of await both(
            "ceph osd pool ls; ceph auth ls 2>/dev/null; ceph config-key ls",
        ))
            assert.doesNotMatch(
                seen,
                /volumes|client\.cinder|rbd-mirror\.|rbd\/mirror|cinder-dr\//,
            );
    });

    it("refuses one cluster on both sites before the first change", async () => {
        const same = labTopology();
        same.sites.secondary.adminHost = same.sites.primary.adminHost;
        delete same.sites.primary.fsid;
        delete same.sites.secondary.fsid;
        same.sites.secondary.commandPrefix = ["env"];
        const { code, output } = await up(same);
        assert.notEqual(code, 0);
        assert.match(output, /site secondary: survey: both sites are the cluster with fsid '/);
        for (const seen of await both("ceph osd pool ls; ceph config-key ls"))
            assert.doesNotMatch(seen, /volumes|cinder-dr\//);
    });

    it("makes a mirrored volume possible in one run, and verify proves it", async () => {
        expectCode(await up(topology), 0);
        const { stdout } = expectCode(await verify(topology), 0);
        assert.match(stdout, /verify: 8 ok, 0 warning, 0 problem/);
        const [here, there] = await both("rbd mirror pool info volumes --format json");
        for (const [seen, other] of [
            [here, "secondary"],
            [there, "primary"],
        ] as const) {
            const info = JSON.parse(seen) as { mode: string; peers: Record<string, string>[] };
            assert.equal(info.mode, "image");
            assert.deepEqual(
                info.peers.map((peer) => [peer.site_name, peer.direction]),
                [[other, "rx-tx"]],
            );
        }
    });

    it("gives Cinder's user its profiles and no more, and its hosts no admin's key", async () => {
        const [here] = await both("ceph auth get client.cinder --format json 2>/dev/null");
        const [user] = JSON.parse(here) as { caps: Record<string, string> }[];
        assert.deepEqual(user?.caps, {
            mgr: "profile rbd pool=volumes",
            mon: "profile rbd",
            osd: "profile rbd pool=volumes",
        });
        const files = await host.sh(`stat -c '%n %a %U %G' ${FILES.join(" ")}`);
        assert.deepEqual(files.split("\n"), [
            "/etc/ceph/ceph.conf 644 root root",
            "/etc/ceph/ceph.client.cinder.keyring 640 root cinder",
            "/etc/ceph/secondary.conf 644 root root",
            "/etc/ceph/secondary.client.cinder.keyring 640 root cinder",
        ]);
        assert.doesNotMatch(await host.sh("ls /etc/ceph"), /admin|rbd-mirror/);
    });
    const FILES = ["ceph", "secondary"].flatMap((cluster) => [
        `/etc/ceph/${cluster}.conf`,
        `/etc/ceph/${cluster}.client.cinder.keyring`,
    ]);

    it("changes nothing the second time: peers, keys, caps and daemons are the same", async () => {
        const seen = await both(SHOWN);
        const { output } = expectCode(await up(topology), 0);
        assert.match(output, /Resources:\s+\d+ unchanged/);
        assert.deepEqual(await both(SHOWN), seen);
    });

    it("adopts what is there when the state is lost, and touches none of it", async () => {
        const seen = await both(SHOWN);
        const renamed = labTopology();
        // Another request runs every step anew, as a lost state would.
        renamed.sites.primary.rbdMirror.healthSeconds = 119;
        renamed.sites.secondary.rbdMirror.healthSeconds = 119;
        expectCode(await up(renamed), 0);
        assert.deepEqual(await both(SHOWN), seen);
    });
});
