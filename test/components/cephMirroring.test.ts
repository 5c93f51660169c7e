import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";

import { CinderDisasterRecovery } from "../../components";
import { declaredBy, keyFrom, type Declared } from "../support/mocks";
import { goodTopology, HOST_KEY, withValue } from "../support/topology";

const COMMAND = "command:remote:Command";
const mirrored = () =>
    withValue(
        "sites/primary/rbdMirror",
        { hosts: { a: { hostKey: HOST_KEY, user: "ops" } } },
        withValue("mirroring", { createPools: {}, clientFiles: {} }),
    );
const declare = (topology: unknown, options = {}) =>
    declaredBy(
        () =>
            new CinderDisasterRecovery("dr", {
                topology: topology as ReturnType<typeof goodTopology>,
            }),
        options,
    );
const command = (declared: Declared[], name: string): Declared => {
    const found = declared.find((d) => d.type === COMMAND && d.name === name);
    assert.ok(found, name);
    return found;
};
/** Script and request of a command's stdin. */
const sent = (declared: Declared) => {
    const [, , packed = "", request = ""] = String(declared.inputs.stdin).split("\n");
    const script = inflateSync(Buffer.from(packed, "base64")).toString();
    return { script, request: JSON.parse(request) as Record<string, unknown> };
};

describe("CephMirroring", () => {
    it("declares nothing of Ceph without `mirroring`", async () => {
        const declared = await declare(goodTopology());
        assert.deepEqual(
            declared.filter((d) => d.type === COMMAND).map((d) => d.name),
            ["cinder-a"],
        );
    });

    it("looks at both sites first, then makes pools, users, peers and daemons, then hosts and types", async () => {
        const declared = await declare(mirrored());
        /** What a command waits for, itself or through the component it is part of. */
        const waits = (name: string): string[] => {
            const own = command(declared, name);
            const parent = declared.find((d) => `${d.type} ${d.name}` === own.parent);
            return [...own.dependsOn, ...(parent?.dependsOn ?? [])].map(
                (on) => on.split(" ").at(-1) ?? "",
            );
        };
        const surveys = ["lyon-survey", "paris-survey"];
        const pools = ["lyon-volumes", "paris-volumes"];
        const users = ["lyon-users", "paris-users"];
        const includes = (name: string, before: string[]) => {
            for (const one of before)
                assert.ok(
                    waits(name).includes(one),
                    `${name} must wait for ${one}, got ${waits(name).join(", ")}`,
                );
        };
        includes("lyon-survey", ["paris-survey"]);
        for (const pool of pools) includes(pool, surveys);
        for (const user of users) includes(user, pools);
        includes("paris-volumes-peer", users);
        includes("lyon-volumes-peer", ["paris-volumes-peer"]);
        includes("a-rbd-mirror", ["paris-users"]);
        includes("paris-health", ["a-rbd-mirror"]);
        includes("cinder-a", ["lyon-health", "paris-health"]);
        includes("paris-guard", ["cinder-a", "replicated"]);
    });

    it("carries keys and the token as secrets only", async () => {
        const declared = await declare(mirrored());
        const peer = command(declared, "lyon-volumes-peer");
        assert.equal(sent(peer).request.token, "token-paris-volumes-peer");
        const host = command(declared, "cinder-a");
        const key = keyFrom("paris-users cinder");
        assert.match(String(host.inputs.stdin), new RegExp(key));
        for (const one of declared) {
            assert.ok(!one.plain.includes(key), `${one.type} ${one.name} shows a key`);
            assert.ok(
                !one.plain.includes("token-paris"),
                `${one.type} ${one.name} shows the token`,
            );
        }
        for (const one of declared.filter((d) => d.type === COMMAND)) {
            for (const output of ["stdout", "stderr"])
                assert.ok(one.additionalSecretOutputs.includes(output), one.name);
            assert.equal(one.inputs.logging, "none", one.name);
        }
    });

    it("puts each site's conf and keyring on a host under the names that Cinder looks for", async () => {
        const declared = await declare(mirrored());
        const { files } = sent(command(declared, "cinder-a")).request as {
            files: { path: string; text: string }[];
        };
        assert.deepEqual(
            files.map(({ path }) => path),
            [
                "/etc/ceph/ceph.conf",
                "/etc/ceph/ceph.client.cinder.keyring",
                "/etc/ceph/secondary.conf",
                "/etc/ceph/secondary.client.cinder.keyring",
            ],
        );
        assert.equal(
            files[2]?.text,
            "# Written by cinder-dr.\n[global]\nfsid = fsid of lyon-survey\nmon_host = mons of lyon-survey\n",
        );
        assert.equal(files[3]?.text, `[client.cinder]\n\tkey = ${keyFrom("lyon-users cinder")}\n`);
    });

    it("names a keyring in the conf when it lies where Ceph would not look", async () => {
        const topology = withValue("backends/ceph/keyring", "/srv/keys/cinder", mirrored());
        const { files } = sent(command(await declare(topology), "cinder-a")).request as {
            files: { path: string; text: string }[];
        };
        assert.match(files[0]?.text ?? "", /^\[client\.cinder\]\nkeyring = \/srv\/keys\/cinder$/m);
        assert.equal(files[1]?.path, "/srv/keys/cinder");
    });

    it("uses sudo on a daemon's host and none on an admin host", async () => {
        const declared = await declare(mirrored());
        const line = (name: string) => String(command(declared, name).inputs.create);
        assert.match(line("a-rbd-mirror"), /^sudo -n \/usr\/bin\/python3 -I -c .* daemon apply$/);
        assert.match(line("paris-survey"), /^\/usr\/bin\/python3 -I -c .* survey apply$/);
        assert.match(String(command(declared, "paris-volumes").inputs.delete), / pool remove$/);
        assert.match(sent(command(declared, "paris-survey")).script, /def survey\(/);
    });

    it("marks what it makes with project, stack and component", async () => {
        const { request } = sent(command(await declare(mirrored()), "paris-volumes"));
        assert.equal(request.owner, "cinder-dr/test/dr");
    });

    it("gives computes the keys of both sites on stdin only, before a Cinder host names their secrets", async () => {
        const computes = {
            c1: { hostKey: HOST_KEY, user: "ops", commandPrefix: ["docker", "exec", "-i", "l"] },
        };
        const declared = await declare(withValue("computes", computes, mirrored()));
        const secrets = command(declared, "c1-secrets");
        const { script, request } = sent(secrets);
        assert.match(script, /secret-set-value/);
        assert.deepEqual(
            (request.secrets as Record<string, string>[]).map(({ site, user, key }) => [
                site,
                user,
                key,
            ]),
            ["paris", "lyon"].map((site) => [site, "cinder", keyFrom(`${site}-users cinder`)]),
        );
        assert.deepEqual(request.commandPrefix, computes.c1.commandPrefix);
        assert.match(String(secrets.inputs.create), /^sudo -n \/usr\/bin\/python3 -I -c .* apply$/);
        assert.match(String(secrets.inputs.delete), / remove$/);
        for (const one of declared.filter(({ name }) => name.startsWith("c1")))
            assert.doesNotMatch(one.plain, new RegExp(keyFrom("paris-users cinder")));
        const waits = declared.find((d) => d.type.endsWith("CinderHost"))?.dependsOn ?? [];
        assert.ok(
            waits.some((on) => on.includes("c1-secrets")),
            waits.join(", "),
        );
    });

    it("runs the daemons' step anew when a peer is another one", async () => {
        const declared = await declare(mirrored());
        const peers = ["peers of lyon-volumes-peer"];
        assert.deepEqual(sent(command(declared, "paris-daemons")).request.peers, peers);
        assert.deepEqual(sent(command(declared, "paris-health")).request.peers, peers);
        const { daemon } = sent(command(declared, "a-rbd-mirror")).request as {
            daemon: { stuck: unknown };
        };
        assert.deepEqual(daemon.stuck, []);
    });
});
