import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { adminHosts } from "../lab/adminHost";
import {
    cancel,
    destroy,
    expectCode,
    killGroup,
    lab,
    LabHost,
    labTopology,
    preview,
    run,
    startUp,
    thenLabUp,
    up,
    withStack,
    type Mutable,
} from "../lab/support";
import { sentence } from "./engine";
import { elsewhere, row, type Seen } from "./matrix";
import { UNTOUCHED } from "./trial";

const scratch = mkdtempSync(join(tmpdir(), "cinder-dr-keys-"));
const newKey = (): string => {
    const file = join(scratch, "other");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
    return file;
};
/** A well-formed key of no host. */
const FOREIGN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
const RSA = `ssh-rsa ${Buffer.from("\u0000\u0000\u0000\u0007ssh-rsa").toString("base64")}`;

const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Each fault gives one clear error naming host and step; nothing is lost, and the next `up` converges. */
describe("faults of a push", () => {
    const good = labTopology();
    const a = new LabHost("cinder-a");
    const b = new LabHost("cinder-b");
    let files = "";
    let pid = "";

    before(async () => {
        expectCode(await up(good), 0);
    });
    beforeEach(async () => {
        [files, pid] = [await a.files(), await a.pid()];
    });
    after(async () => {
        expectCode(await destroy(good), 0);
        a.close();
        b.close();
    });

    const untouched = async () => {
        assert.equal(await a.files(), files);
        assert.equal(await a.pid(), pid);
    };

    const refusedAtPreview: [title: string, spoil: (t: Mutable) => void, says: RegExp][] = [
        [
            "a missing host key",
            (t) => delete t.hosts["cinder-a"].hostKey,
            /hosts\.cinder-a\.hostKey must be the host's public key/,
        ],
        [
            "an RSA host key",
            (t) => (t.hosts["cinder-a"].hostKey = RSA),
            /hosts\.cinder-a\.hostKey must be an ed25519 or ecdsa host key/,
        ],
        [
            "a missing identityFile",
            (t) => (t.ssh.identityFile = "/nonexistent/key"),
            /identityFile must be a readable private key, got '\/nonexistent\/key' \(ENOENT\)/,
        ],
    ];
    for (const [title, spoil, says] of refusedAtPreview)
        it(`refuses ${title} at preview`, async () => {
            const topology = labTopology();
            spoil(topology);
            const { code, output } = await preview(topology);
            assert.notEqual(code, 0);
            assert.match(output, says);
        });

    const refusedBeforeChange: [
        title: string,
        spoil: (t: Mutable) => void,
        says: RegExp,
        row?: number,
    ][] = [
        [
            "another host key than the pinned one",
            (t) => (t.hosts["cinder-a"].hostKey = FOREIGN),
            /cinder-dr: cinder-a: host key: the host shows another key than the pinned hostKey/,
        ],
        [
            "a user that the host does not know",
            (t) => (t.hosts["cinder-a"].user = "nobody-here"),
            /cinder-dr: cinder-a: login: the host refuses this user and key/,
        ],
        [
            "a key that the host does not know",
            (t) => (t.hosts["cinder-a"].identityFile = newKey()),
            /cinder-dr: cinder-a: login: the host refuses this user and key/,
        ],
        [
            "a host that is down",
            (t) => (t.hosts["cinder-a"].address = "127.0.9.9"),
            /cinder-dr: cinder-a: connect: the host cannot be reached: nothing was changed on it/,
        ],
        [
            "a target conf that is not on the host",
            (t) => (t.backends.ceph.replicationDevice.conf = "/etc/ceph/nosuch.conf"),
            /cinder-dr: cinder-a: target: [^\n]*\/etc\/ceph\/nosuch\.conf/,
            40,
        ],
        [
            "a target keyring that is not on the host",
            (t) => (t.backends.ceph.replicationDevice.backendId = "tertiary"),
            /cinder-dr: cinder-a: target: [^\n]*tertiary\.client\.cinder\.keyring/,
            39,
        ],
        [
            "a pool that the secondary does not have",
            (t) => {
                t.backends.ceph.pool = "nosuch";
                t.backends.ceph.replicationDevice.pool = "nosuch";
            },
            /cinder-dr: cinder-a: target: [^\n]*the replication target 'secondary' cannot be reached/,
            41,
        ],
        [
            "a value that oslo.config refuses",
            (t) =>
                (t.backends.ceph.options = {
                    rbd_max_clone_depth: "5",
                    rbd_store_chunk_size: "many",
                }),
            /cinder-dr: cinder-a: validate: [^\n]*rbd_store_chunk_size/,
        ],
    ];
    for (const [title, spoil, says, number] of refusedBeforeChange) {
        const stops = async (): Promise<Seen> => {
            const topology = labTopology();
            topology.backends.ceph.radosConnectTimeoutSeconds = 6;
            spoil(topology);
            const start = Date.now();
            const { code, output } = await up(topology);
            assert.notEqual(code, 0);
            assert.match(output, says);
            assert.doesNotMatch(output, /PRIVATE KEY|AQ[A-Za-z0-9+/]{38}==/);
            assert.ok(Date.now() - start < 90_000, "took longer than 90 s");
            await untouched();
            return { saw: sentence(output), after: UNTOUCHED, next: "up: what is asked for then" };
        };
        if (number === undefined)
            it(`stops at ${title} before anything is changed`, async () => {
                await stops();
            });
        else row(number, title, stops);
    }

    const KEYRING = "/etc/ceph/secondary.client.cinder.keyring";
    const sites = adminHosts();
    after(() => {
        for (const site of Object.values(sites)) site.close();
    });

    /** Something is wrong with how the host reaches the secondary; it is put right whatever comes. */
    const stopsAtTarget = async (
        spoil: () => Promise<unknown>,
        repair: () => Promise<unknown>,
        misspell: (t: Mutable) => void = () => undefined,
    ): Promise<Seen> => {
        const topology = labTopology();
        topology.backends.ceph.radosConnectTimeoutSeconds = 6;
        misspell(topology);
        await spoil();
        try {
            files = await a.files();
            const { code, output } = await up(topology);
            assert.notEqual(code, 0, output);
            assert.match(
                output,
                /cinder-dr: cinder-a: target: [^\n]*the replication target 'secondary' cannot be reached from this host as cinder: [^\n]+; a failover to it would lose the volumes/,
            );
            assert.doesNotMatch(output, /AQ[A-Za-z0-9+/]{38}==/);
            await untouched();
            return {
                saw: sentence(output),
                after: UNTOUCHED,
                next: "up: what is asked for then",
            };
        } finally {
            await repair();
        }
    };
    row(39, "the target's keyring holds another key", () =>
        stopsAtTarget(
            () =>
                a.sh(
                    `cp -p ${KEYRING} /root/kept-keyring && sed -i "s#key = .*#key = $(ceph-authtool --gen-print-key)#" ${KEYRING}`,
                ),
            () => a.sh(`cp -p /root/kept-keyring ${KEYRING} && rm /root/kept-keyring`),
        ),
    );
    row(39, "the target's user may not read the pool", () => {
        const kept = "/root/kept-user.keyring";
        return stopsAtTarget(
            () =>
                sites.secondary.sh(
                    `ceph auth get client.cinder -o ${kept} && ceph auth caps client.cinder mon 'profile rbd'`,
                ),
            () => sites.secondary.sh(`ceph auth import -i ${kept} && rm ${kept}`),
        );
    });
    row(39, "the target's keyring is open to everybody (0644)", async () => {
        const topology = labTopology();
        topology.backends.ceph.radosConnectTimeoutSeconds = 6;
        await a.sh(`chmod 644 ${KEYRING}`);
        try {
            const { output } = expectCode(await up(topology), 0);
            const says =
                /cinder-dr: cinder-a: \/etc\/ceph\/secondary\.client\.cinder\.keyring has mode 0644: everybody on this host may read it, and it holds a key; chmod o-rwx it/;
            assert.match(output, says);
            assert.equal(await a.sh(`stat -c %a ${KEYRING}`), "644");
            expectCode(await up(good), 0);
            return {
                saw: says.exec(output)?.[0] ?? "",
                after: "restarted, and the keyring's mode is kept",
                next: "up: what is asked for then",
            };
        } finally {
            await a.sh(`chmod 640 ${KEYRING}`);
        }
    });
    row(41, "the pool is missing on the secondary only", () => {
        const pool = "only-here";
        return stopsAtTarget(
            () => sites.primary.sh(`ceph osd pool create ${pool} 8 && rbd pool init ${pool}`),
            () =>
                sites.primary.sh(
                    `ceph config set mon mon_allow_pool_delete true; ceph osd pool rm ${pool} ${pool} --yes-i-really-really-mean-it`,
                ),
            ({ backends }) => {
                backends.ceph.pool = pool;
                backends.ceph.replicationDevice.pool = pool;
            },
        );
    });
    elsewhere(
        41,
        "the pool is mirrored in mode `pool`",
        "no push asks it: the Ceph side is refused in its survey (changeMode) by test/lab/ceph/takeover.test.ts, and drift names the mode",
    );

    it("stops at a login without sudo before anything is changed", async () => {
        await b.sh("userdel -r nosudo 2>/dev/null; useradd -m -s /bin/sh -p '*' nosudo");
        // sshd's own configuration says whether keys lie in the home folders.
        await b.sh(
            "k=$(sshd -T -C user=deploy 2>/dev/null | awk '/^authorizedkeysfile/{print $2}'); case $k in /*) ;; *) mkdir -p /home/nosudo/.ssh; cp ~deploy/.ssh/authorized_keys /home/nosudo/.ssh/; chown -R nosudo /home/nosudo/.ssh;; esac",
        );
        const before = await b.files();
        const topology = labTopology();
        topology.hosts["cinder-b"].user = "nosudo";
        const { code, output } = await up(topology);
        assert.notEqual(code, 0);
        assert.match(output, /cinder-dr: cinder-b: sudo: the login needs the sudoers line/);
        assert.equal(await b.files(), before);
        await b.sh("userdel -r nosudo 2>/dev/null || true");
    });

    it("stops at a cinder.conf that somebody broke, and leaves it to him", async () => {
        await a.sh(
            "cp -p /etc/cinder/cinder.conf /root/kept && printf 'this is no ini\\n' >> /etc/cinder/cinder.conf",
        );
        const broken = await a.files();
        try {
            const topology = labTopology();
            topology.backends.ceph.radosConnectTimeoutSeconds = 6;
            const { code, output } = await up(topology);
            assert.notEqual(code, 0);
            assert.match(output, /cinder-dr: cinder-a: read: [^\n]*cinder\.conf/);
            assert.equal(await a.files(), broken);
        } finally {
            await a.sh("cp -p /root/kept /etc/cinder/cinder.conf && rm /root/kept");
        }
    });

    row(38, "the secondary cannot be reached, with and without the consent", async () => {
        lab("kill", "secondary", "mon");
        const saw = await thenLabUp(async () => {
            const topology = labTopology();
            topology.backends.ceph.radosConnectTimeoutSeconds = 6;
            topology.hosts = { "cinder-a": topology.hosts["cinder-a"] };
            const { code, output } = await up(topology);
            assert.notEqual(code, 0);
            assert.match(output, /cinder-dr: cinder-a: target: /);
            await untouched();
            topology.hosts["cinder-a"].consent = {
                unreachableTarget: "the secondary is being rebuilt",
            };
            expectCode(await up(topology), 0);
            assert.match(await a.config(), /^rados_connect_timeout = 6$/m);
            assert.match(
                await a.sh("cat /etc/cinder/.cinder-dr/*/result.json"),
                /"protected": ?false/,
            );
            return sentence(output);
        });
        expectCode(await up(good), 0);
        return { saw, after: UNTOUCHED, next: "up with the consent: staged, not protected" };
    });

    it("finishes on the host when `pulumi up` is killed in the middle; the next `up` goes on from it", async () => {
        const topology = labTopology();
        topology.backends.ceph.radosConnectTimeoutSeconds = 8;
        const running = startUp(topology);
        while (!(await a.config()).includes("rados_connect_timeout = 8")) await pause(100);
        killGroup(running);
        // Nothing but the host itself can finish it now.
        for (
            let tries = 0;
            (await a.sh("cat /etc/cinder/.cinder-dr/*/pending 2>/dev/null || true")) !== "";
            tries++
        ) {
            assert.ok(tries < 120, "the host did not finish by itself");
            await pause(1000);
        }
        const finished = await a.pid();
        assert.notEqual(finished, pid);
        await cancel();
        expectCode(await up(topology), 0);
        assert.equal(await a.pid(), finished, "the finished push was done again");
        assert.match(await b.config(), /^rados_connect_timeout = 8$/m);
        expectCode(await up(good), 0);
    });

    it("lets one of two pushes of the same host wait for the other", async () => {
        const topology = labTopology();
        topology.backends.ceph.radosConnectTimeoutSeconds = 9;
        const twin = { ...topology, volumeTypes: { twin: { backend: "ceph", protect: false } } };
        const forgetType = () => run("openstack", ["volume", "type", "delete", "twin"]);
        const pushing = async () =>
            (await a.sh(
                "w=$(sed -n 's/^pid \\([0-9]*\\) .*/\\1/p' /etc/cinder/.cinder-dr/*/lock); [ -n \"$w\" ] && [ -d /proc/$w ] && echo $w || true",
            )) !== "";
        await forgetType();
        await withStack("twin", async () => {
            const first = up(topology);
            // The other way round the twin would change a host that it does not own, and be refused.
            while (!(await pushing())) await pause(50);
            const second = await up(twin, "twin");
            expectCode(await first, 0);
            expectCode(second, 0);
            const last = JSON.parse(await a.sh("cat /etc/cinder/.cinder-dr/*/result.json")) as {
                outcome: string;
                durations: Record<string, number>;
            };
            assert.equal(last.outcome, "unchanged");
            assert.ok((last.durations.lock ?? 0) > 0.5, "it did not wait");
        });
        expectCode(await forgetType(), 0);
        assert.match(await a.config(), /^rados_connect_timeout = 9$/m);
        await a.pid();
    });
});
