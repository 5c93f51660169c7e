import { strict as assert } from "node:assert";
import { rmSync } from "node:fs";
import { join } from "node:path";

import { driftFileName } from "../../../core/drift/record";
import type { Role } from "../../../core/topology/site";
import { adminHosts, driftOf } from "../adminHost";
import {
    configFile,
    destroy,
    expectCode,
    LabHost,
    labTopology,
    run,
    STACK,
    up,
    verify,
    type Mutable,
} from "../support";

const RECORD = join(__dirname, "../../..", driftFileName(STACK));
/** Where the operator of these clusters keeps all that usually lies in /etc/ceph. */
const KEPT = "/var/lib/dr";
const POOL = "vms-dr";
const STALE = `[client.openstack]\n\tkey = AQ${"A".repeat(37)}=\n`;
const FOREIGN = "# the cluster before\n[global]\nfsid = 00000000-0000-4000-8000-000000000000\n";

/** An operator's own names; a container by a prefix sees nothing of the admin host's /etc/ceph. */
const sitesByHand = (role: Role, cluster: string) => `
mkdir -p ${KEPT}
cp /etc/ceph/ceph.conf ${KEPT}/${cluster}.conf
sed 's/client.rbd-mirror.${role}/client.mirror-${cluster}/' /etc/ceph/ceph.conf >/etc/ceph/${cluster}.conf
ceph auth get-or-create client.keeper mon 'allow *' mgr 'allow *' osd 'allow *' -o ${KEPT}/keeper.key
cat >${KEPT}/enter <<'X'
#!/bin/sh
exec unshare -m sh -c 'mount -t tmpfs none /etc/ceph && exec "$@"' sh "$@"
X
chmod 755 ${KEPT}/enter
sed 's|^ExecStart=.*|ExecStart=/usr/bin/rbd-mirror -f --cluster ${cluster} --id mirror-${cluster} --setuser ceph --setgroup ceph|' \\
    /etc/systemd/system/ceph-rbd-mirror@rbd-mirror.${role}.service >/etc/systemd/system/dr-mirror.service
`;
const poolByHand = `
ceph osd pool create ${POOL} 8 && rbd pool init ${POOL}
rbd mirror pool enable ${POOL} pool --site-name attic
rbd mirror pool peer add ${POOL} client.somebody@cellar
ceph auth get-or-create client.openstack mon 'profile rbd' osd 'allow rwx' mgr 'profile rbd pool=${POOL}'
`;
const CONSENTS = {
    changeMode: "Cinder chooses the images from now on",
    renameSite: "nobody knows it by the old name",
    replacePeer: "the cellar is gone",
    narrowCaps: "nobody else uses openstack",
};

function ofTheOperator(): Mutable {
    const topology = labTopology();
    for (const [role, name, clusterName] of [
        ["primary", "dc1.oslo", "north"],
        ["secondary", "dc2_bergen", "south"],
    ] as const) {
        const site = topology.sites[role];
        const conf = `${KEPT}/${clusterName}.conf`;
        // rbd-mirror itself looks for its cluster in /etc/ceph only, by the cluster's name.
        const daemon = {
            ...{ address: site.adminHost.address, hostKey: site.adminHost.hostKey },
            ...{ cephUser: `mirror-${clusterName}`, unit: "dr-mirror" },
        };
        Object.assign(site, {
            ...{ name, clusterName, conf, cephUser: "keeper", keyring: `${KEPT}/keeper.key` },
            rbdMirror: { hosts: { [`ceph-${role}`]: daemon } },
        });
    }
    const { primary, secondary } = topology.sites;
    primary.watchUser = "watcher";
    delete secondary.watchUser;
    secondary.commandPrefix = [`${KEPT}/enter`];
    Object.assign(topology.backends.ceph, {
        ...{ pool: POOL, user: "openstack", clusterName: "north" },
        ...{ conf: "/etc/dr/north.conf", keyring: "/etc/dr/keys/openstack" },
    });
    Object.assign(topology.backends.ceph.replicationDevice, {
        ...{ backendId: "south", conf: "/etc/dr/south.conf", user: "openstack", pool: POOL },
    });
    topology.mirroring = {
        createPools: { pgNum: 8 },
        clientFiles: { owner: "cinder", keyringMode: "0600" },
    };
    topology.hosts["cinder-a"].consent = { foreignClientFile: "that cluster is gone" };
    return topology;
}

/** Clusters with an operator's own names and places, set up by hand in another way: taken over, mended, given back. */
describe("clusters of other names that were set up by hand", () => {
    const topology = ofTheOperator();
    const sites = adminHosts();
    const [a, b] = [new LabHost("cinder-a"), new LabHost("cinder-b")] as const;
    const CLIENT_FILES =
        "find /etc/dr /etc/ceph -type f -printf '%p %m %u:%g\\n' -exec sha256sum {} \\; | sort";
    const seen = () =>
        sites.primary.sh(
            `ceph osd pool ls; ceph auth ls 2>/dev/null; ceph config-key ls; rbd mirror pool info ${POOL} --all --format json`,
        );

    before(async () => {
        expectCode(await destroy(topology), 0);
        await sites.primary.sh(sitesByHand("primary", "north") + poolByHand);
        await sites.secondary.sh(sitesByHand("secondary", "south"));
        await a.sh(
            `mkdir -p /etc/dr && printf '${FOREIGN}' >/etc/dr/south.conf && printf '${STALE}' >/etc/ceph/south.client.openstack.keyring && chmod 600 /etc/ceph/south.client.openstack.keyring`,
        );
    });
    after(async () => {
        rmSync(RECORD, { force: true });
        await sites.primary.sh(
            `ceph osd pool rm ${POOL} ${POOL} --yes-i-really-really-mean-it; ceph auth del client.openstack; ceph config-key ls | grep -o 'cinder-dr/[^"]*\\|rbd/mirror[^"]*' | xargs -rn1 ceph config-key rm`,
        );
        for (const site of Object.values(sites)) {
            await site.sh(
                `ceph auth del client.keeper; rm -r ${KEPT} /etc/ceph/{north,south}.conf /etc/systemd/system/dr-mirror.service; true`,
            );
            site.close();
        }
        await a.sh("rm -r /etc/dr /etc/ceph/south.client.openstack.keyring");
        for (const host of [a, b]) host.close();
    });

    it("are refused one by one what would lose protection or access, before the first change", async () => {
        const before = await seen();
        const given = ofTheOperator();
        given.mirroring.consent = {};
        for (const [consent, said] of [
            ["changeMode", "pool 'vms-dr' is mirrored in mode 'pool'"],
            ["renameSite", "the cluster's site name is 'attic' and its pools have peers"],
            ["replacePeer", "pool 'vms-dr' has the peer 'cellar', and Ceph mirrors a pool with"],
            ["narrowCaps", "client.openstack was there before and may do more than its profiles"],
        ] as const) {
            const { code, output } = await up(given);
            assert.notEqual(code, 0);
            assert.ok(output.includes(`cinder-dr: site dc1.oslo: survey: ${said}`), output);
            assert.match(output, new RegExp(`mirroring\\.(?:users\\..* )?consent\\.${consent}`));
            assert.match(output, /\(this step changed nothing\)/);
            given.mirroring.consent[consent] = CONSENTS[consent];
        }
        assert.equal(await seen(), before);
        // An admin host that does not answer is said, and no site is touched either.
        given.sites.secondary.adminHost.port = 1;
        const { code, output } = await up(given);
        assert.notEqual(code, 0);
        assert.match(
            output,
            /cinder-dr: site dc2_bergen: connect: the host cannot be reached: nothing was changed on it; bring it up and run `pulumi up` again/,
        );
        assert.equal(await seen(), before);
    });

    it("are taken over with the consents, and verify proves it", async () => {
        topology.mirroring.consent = CONSENTS;
        expectCode(await up(topology), 0);
        const { stdout } = expectCode(await verify(topology), 0);
        assert.match(stdout, /verify: 8 ok, 0 warning, 0 problem/);
        const wired = { direction: "rx-tx", client_name: "client.rbd-mirror-peer" };
        for (const [role, site_name] of [
            ["primary", "dc2_bergen"],
            ["secondary", "dc1.oslo"],
        ] as const) {
            const [peer, ...more] = await sites[role].peers(POOL);
            assert.deepEqual(more, []);
            assert.deepEqual({ ...peer, ...wired, site_name }, peer);
        }
        const caps = await sites.primary.sh("ceph auth get client.openstack 2>/dev/null");
        assert.match(caps, /caps osd = "profile rbd pool=vms-dr"/);
        for (const host of [a, b])
            assert.equal(
                await host.sh("stat -c '%a %U:%G' /etc/dr/keys/openstack"),
                "600 cinder:cinder",
            );
        assert.deepEqual(await driftOf(topology, 0), []);
        // The admin host's conf, keyring and prefix serve every other question, too.
        const words = ["cli/bin.js", "status", "--topology", configFile(topology)];
        expectCode(await run("node", words), 0);
    });

    it("say what was broken by hand, and up repairs it", async () => {
        const [peer] = await sites.secondary.peers(POOL);
        assert.ok(peer);
        await sites.secondary.sh(
            `rbd mirror pool peer set ${POOL} ${peer.uuid} direction rx-only; ceph auth caps client.openstack mon 'profile rbd' osd 'profile rbd pool=${POOL}'`,
        );
        await a.sh("chmod 644 /etc/dr/keys/openstack");
        await b.sh(
            "sed -i 's|key = .*|key = AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==|' /etc/ceph/south.client.openstack.keyring",
        );
        const found = await driftOf(topology, 3, "--record", RECORD);
        for (const one of [
            "hosts.cinder-a: /etc/dr/keys/openstack",
            "hosts.cinder-b: /etc/ceph/south.client.openstack.keyring key",
            "hosts.cinder-b: [ceph] target 'south'",
            "sites.secondary.peers.vms-dr: pool vms-dr direction",
            "sites.secondary.users: client.openstack caps",
        ])
            assert.ok(found.includes(`drifted ${one}`), `${one}: ${found.join("\n")}`);
        expectCode(await up(topology), 0);
        assert.deepEqual(await driftOf(topology, 0, "--record", RECORD), []);
    });

    it("keep what was theirs when the rest is taken back", async () => {
        expectCode(await destroy(topology), 0);
        assert.match(await sites.primary.sh("ceph osd pool ls"), /^vms-dr$/m);
        assert.match(
            await sites.primary.sh("ceph auth get client.openstack 2>/dev/null"),
            /caps osd = "allow rwx"/,
        );
        const users = await sites.primary.sh("ceph auth ls 2>/dev/null");
        assert.doesNotMatch(users, /client\.(?:watcher|mirror-north|rbd-mirror-peer)/);
        assert.doesNotMatch(
            await sites.secondary.sh(
                "ceph osd pool ls; ceph auth ls 2>/dev/null; ceph config-key ls",
            ),
            /vms-dr|openstack|mirror-|cinder-dr\/|rbd\/mirror/,
        );
        for (const site of Object.values(sites))
            assert.match(
                await site.sh(`ls -A ${KEPT}; pgrep -x rbd-mirror || true`),
                /^enter\nkeeper\.key\n\w+\.conf$/,
            );
        assert.equal(await a.sh("cat /etc/dr/south.conf"), FOREIGN.trim());
        assert.equal(await a.sh("cat /etc/ceph/south.client.openstack.keyring"), STALE.trim());
        assert.match(await a.sh(CLIENT_FILES), /south\.client\.openstack\.keyring 600 root:root$/m);
        assert.equal(await b.sh("find /etc/dr /etc/ceph -type f"), "");
    });
});
