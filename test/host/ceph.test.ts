import { strict as assert } from "node:assert";

import { FakeCluster, peerOf, PING, poolOf, type FakeState } from "./fakeCluster";

const NOTHING = "(this step changed nothing)";
/** Commands that change a cluster. */
const CHANGES =
    /^(?:config-key (?:set|rm)|auth (?:caps|get-or-create|del)|osd pool (?:create|rm)|orch (?:apply|rm|daemon)|mirror pool (?:enable|disable|peer))/;
const USER = {
    name: "cinder",
    caps: { mon: "profile rbd", osd: "profile rbd pool=volumes", mgr: "profile rbd pool=volumes" },
};
const LAME = {
    service_id: 17,
    client_id: "ceph-1.abc",
    hostname: "ceph-1",
    callouts: ["unable to connect to remote cluster"],
};

describe("host/ceph.py on a cluster", () => {
    const made: FakeCluster[] = [];
    const cluster = (state: Partial<FakeState> = {}, prefix?: string[]): FakeCluster => {
        const one = new FakeCluster(state, prefix);
        made.push(one);
        return one;
    };
    after(() => {
        for (const one of made) one.close();
    });

    const refusals = [
        {
            consent: "changeMode",
            state: { pools: { volumes: poolOf({ mode: "pool" }) } },
            step: "pool",
            request: {},
            said: /pool 'volumes' is mirrored in mode 'pool'/,
            done: (now: FakeState) => {
                assert.equal(now.pools.volumes?.mode, "image");
            },
        },
        {
            consent: "renameSite",
            state: {
                pools: { volumes: poolOf({ peers: [peerOf()] }) },
                keys: { "rbd/mirror/site_name": "old", "rbd/mirror/peer/1/u-1": "{}" },
            },
            step: "pool",
            request: {},
            said: /the cluster's site name is 'old' and its pools have peers that know it by it, got 'paris'/,
            done: (now: FakeState) => {
                assert.equal(now.keys["rbd/mirror/site_name"], "paris");
            },
        },
        {
            consent: "renameSite",
            // Made by `peer add`: no key of the cluster tells of it.
            state: {
                pools: { volumes: poolOf(), others: poolOf({ peers: [peerOf()] }) },
                keys: { "rbd/mirror/site_name": "older" },
            },
            step: "pool",
            request: {},
            said: /the cluster's site name is 'older' and its pools have peers/,
            done: (now: FakeState) => {
                assert.equal(now.keys["rbd/mirror/site_name"], "paris");
            },
        },
        {
            consent: "replacePeer",
            state: { pools: { volumes: poolOf({ peers: [peerOf({ site_name: "rome" })] }) } },
            step: "token",
            request: {},
            said: /pool 'volumes' has the peer 'rome'/,
            done: (now: FakeState) => {
                assert.deepEqual(now.pools.volumes?.peers, []);
            },
        },
        {
            consent: "replacePeer",
            state: {
                across: false,
                pools: { volumes: poolOf({ peers: [peerOf({ client_name: "client.nobody" })] }) },
            },
            step: "token",
            request: {},
            said: /pool 'volumes' has a peer that is client\.nobody there, and as it site 'lyon' cannot be reached: rbd: couldn't connect/,
            done: (now: FakeState) => {
                assert.deepEqual(now.pools.volumes?.peers, []);
            },
        },
        {
            consent: "narrowCaps",
            state: {
                users: {
                    "client.cinder": {
                        key: `AQ${"D".repeat(36)}==`,
                        caps: { ...USER.caps, osd: "allow *" },
                    },
                },
            },
            step: "users",
            request: { users: [USER] },
            said: /client\.cinder was there before and may do more than its profiles: osd 'allow \*'/,
            done: (now: FakeState) => {
                assert.deepEqual(now.users["client.cinder"]?.caps, USER.caps);
            },
        },
    ];
    for (const { consent, state, step, request, said, done } of refusals)
        it(`refuses without ${consent} what it then does with it: ${said.source.slice(0, 40)}…`, () => {
            const one = cluster(state);
            const before = one.state();
            for (const asked of ["survey", step]) {
                const refused = one.step(asked, request);
                assert.equal(refused.code, 3, refused.stderr);
                assert.match(refused.stderr, new RegExp(`^cinder-dr: site paris: ${asked}: `));
                assert.match(refused.stderr, said);
                assert.match(refused.stderr, new RegExp(`mirroring\\.consent\\.${consent}`));
                assert.ok(refused.stderr.endsWith(NOTHING), refused.stderr);
            }
            assert.deepEqual(one.state(), before);
            const consented = { ...request, consent: { [consent]: "agreed" } };
            assert.equal(one.step("survey", consented).code, 0);
            const { code, stderr } = one.step(step, consented);
            assert.equal(code, 0, stderr);
            done(one.state());
        });

    const OLD =
        "Ceph must be Octopus (15) or later: `rbd mirror pool peer bootstrap` is needed, got";
    const UPGRADE = "upgrade the admin host's ceph-common and the cluster";
    const bad: {
        what: string;
        state?: Partial<FakeState>;
        request?: Record<string, unknown>;
        site?: object;
        said: string;
    }[] = [
        {
            what: "an admin host without ceph",
            state: { missing: true },
            said: "`ceph` cannot be run on paris: ceph: not found; the admin host must have ceph-common, or commandPrefix must lead to it",
        },
        {
            what: "a release before Octopus",
            state: { version: "ceph version 14.2.22 (x) nautilus (stable)" },
            said: `${OLD} 14.2; ${UPGRADE}`,
        },
        {
            what: "an rbd without the needed command",
            state: { old: true },
            said: `${OLD} 16.2; ${UPGRADE}`,
        },
        {
            what: "another cluster than the topology's",
            site: { fsid: "f5e" },
            said: "the cluster's fsid is 'f5d', the topology says 'f5e'; correct sites.primary: adminHost, clusterName or fsid",
        },
        {
            what: "the other site's cluster",
            request: { otherFsid: "f5d" },
            said: "both sites are the cluster with fsid 'f5d'; correct sites.primary: one cluster cannot be its own peer",
        },
        {
            what: "a pool that is missing",
            state: { pools: {} },
            said: "pool 'volumes' must exist on site 'paris'; make it, or let mirroring.createPools make it",
        },
        {
            what: "a pool of something else",
            state: { pools: { volumes: poolOf({ applications: ["cephfs"] }) } },
            said: "pool 'volumes' belongs to application 'cephfs', not to rbd; name another pool",
        },
    ];
    for (const { what, state, request, site, said } of bad)
        it(`refuses ${what} in the survey, before any step`, () => {
            const one = cluster(state);
            const { code, stderr } = one.step("survey", request, "apply", site);
            assert.equal(code, 3);
            assert.equal(stderr, `cinder-dr: site paris: survey: ${said} ${NOTHING}`);
            assert.deepEqual(one.ran(CHANGES), []);
        });

    it("changes nothing where all is as wanted", () => {
        const one = cluster({
            pools: {
                volumes: poolOf({ peers: [peerOf()], daemons: [{ ...LAME, callouts: [] }] }),
            },
            users: {
                "client.cinder": { key: "k", caps: USER.caps },
                "client.rbd-mirror-peer": { key: "k", caps: {} },
            },
        });
        for (const step of ["survey", "pool", "users", "daemons", "health"])
            assert.equal(one.step(step, { users: [USER] }).code, 0, step);
        assert.deepEqual(one.ran(CHANGES), []);
    });

    it("keeps a peer of the operator's own user while it connects", () => {
        const peer = peerOf({ client_name: "client.mirror" });
        const one = cluster({ pools: { volumes: poolOf({ peers: [peer] }) } });
        assert.deepEqual(one.step("token").answer, { token: "" });
        assert.deepEqual(one.state().pools.volumes?.peers, [peer]);
    });

    describe("that imports", () => {
        const token = Buffer.from(
            JSON.stringify({
                fsid: "other",
                client_id: "rbd-mirror-peer",
                key: peerOf().key,
                mon_host: "192.0.2.2",
            }),
        ).toString("base64");
        const imports = /^mirror pool peer bootstrap import/;

        it("does it once, and not again", () => {
            const one = cluster();
            const first = one.step("import", { token });
            assert.equal(first.code, 0, first.stderr);
            assert.deepEqual(one.step("import", { token }).answer, first.answer);
            assert.equal(one.ran(imports).length, 1);
        });

        it("takes a peer away that a daemon's ping left on either side meanwhile", () => {
            const there = [{ ...PING, site_name: "paris" }];
            const one = cluster({ pings: 1, there });
            const { code, stderr } = one.step("import", { token });
            assert.equal(code, 0, stderr);
            assert.deepEqual(one.state().pools.volumes?.peers, [peerOf()]);
            assert.equal(one.state().there[0]?.client_name, "client.rbd-mirror-peer");
            assert.equal(one.ran(imports).length, 2);
        });

        it("gives up after three", () => {
            const one = cluster({ pings: 9 });
            assert.match(
                one.step("import", { token }).stderr,
                /^cinder-dr: site paris: import: pool 'volumes' has not the same peers on both sides after 3 imports; run again; /,
            );
            assert.equal(one.ran(imports).length, 3);
        });
    });

    describe("with a daemon that cannot reach its peer", () => {
        const pools = { volumes: poolOf({ peers: [peerOf()], daemons: [LAME] }) };
        const SEEN = { service: "17", client: "ceph-1.abc", hostname: "ceph-1" };

        it("names it when the peer can be reached, and none when it cannot", () => {
            assert.deepEqual(cluster({ pools }).step("daemons").answer, { stuck: [SEEN] });
            const dark = cluster({ pools, across: false });
            assert.deepEqual(dark.step("daemons").answer, { stuck: [] });
            const gone = { ...LAME, callouts: ["not reporting status"] };
            const left = { volumes: poolOf({ peers: [peerOf()], daemons: [gone] }) };
            assert.deepEqual(cluster({ pools: left }).step("daemons").answer, { stuck: [] });
        });

        it("has the orchestrator restart it, once, and no other", () => {
            const one = cluster({
                pools,
                services: [{ service_type: "rbd-mirror" }],
                daemons: ["ceph-1.abc", "ceph-2.def"].map((daemon_id) => ({
                    daemon_type: "rbd-mirror",
                    daemon_id,
                })),
            });
            for (let time = 0; time < 2; time++)
                assert.equal(one.step("orchestrator", { placement: "count:2" }).code, 0);
            assert.deepEqual(one.ran(/^orch daemon/), [
                "orch daemon restart rbd-mirror.ceph-1.abc",
            ]);
            assert.equal(one.step("orchestrator", {}, "remove").code, 0);
            assert.deepEqual(
                Object.keys(one.state().keys).filter((key) => key.startsWith("cinder-dr/")),
                [],
            );
        });

        it("says in the health step what is the matter", () => {
            const dark = cluster({ pools, across: false }).step("health");
            assert.equal(dark.code, 1);
            assert.match(
                dark.stderr,
                /site 'lyon' cannot be reached from site 'paris' as client\.rbd-mirror-peer \(rbd: couldn't connect to the cluster!\): put that right, then run again$/,
            );
            const others = cluster({ pools }).step("health", { runsDaemons: false });
            assert.match(
                others.stderr,
                /start rbd-mirror on site 'paris', which the topology leaves to others; then run again$/,
            );
        });
    });

    for (const prefix of [
        ["cephadm", "shell", "--"],
        ["podman", "exec", "-i", "ceph-mon-a"],
    ])
        it(`is reached through \`${prefix.join(" ")}\`: every command, and secrets on stdin only`, () => {
            const one = cluster(
                { pools: { volumes: poolOf({ peers: [peerOf({ client_name: "client.m" })] }) } },
                prefix,
            );
            for (const step of ["survey", "pool", "users", "token", "daemons"])
                assert.equal(one.step(step, { users: [USER] }).code, 0, step);
            const tail = "--cluster ceph --conf /etc/ceph/ceph.conf --id admin";
            for (const words of one.log()) {
                const line = words.join(" ");
                const ours = line.startsWith(
                    `${prefix.join(" ")} ceph ${tail} --connect-timeout 15 `,
                );
                const rbd = line.startsWith(
                    `${prefix.join(" ")} rbd ${tail} --client-mount-timeout 15 `,
                );
                const across = line.startsWith(
                    `${prefix.join(" ")} rbd --conf /dev/null --mon-host 192.0.2.2 --id m --keyfile - `,
                );
                assert.ok(ours || rbd || across, line);
                assert.doesNotMatch(line, /AQ[A-Z]{30}/);
            }
        });
});
