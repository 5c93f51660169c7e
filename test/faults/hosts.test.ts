import { strict as assert } from "node:assert";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expectCode, lab, type Mutable } from "../lab/support";
import { CountedPort } from "./countedPort";
import { Engine, sentence, standings } from "./engine";
import { CONFIG, LightHost, lightTopology } from "./lightHost";
import { row, type Seen } from "./matrix";
import {
    another,
    converges,
    NOTHING,
    saysTimeout,
    showsNoSecret,
    state,
    tryFault,
    UNTOUCHED,
    words,
} from "./trial";

/** A well-formed key of no host. */
const FOREIGN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
const RSA = `ssh-rsa ${Buffer.from("\u0000\u0000\u0000\u0007ssh-rsa").toString("base64")}`;
const FOLDER = CONFIG.replace(/\/cinder\.conf$/, "");

/** A connection that sshd has greeted and that never logs in; a sshd that reads its file anew refuses for a moment. */
async function greeted(address: string): Promise<Socket> {
    for (const end = Date.now() + 10_000; ;) {
        const socket = connect(22, address);
        try {
            await once(socket, "data");
            return socket;
        } catch (error) {
            if (Date.now() > end) throw error;
            await new Promise((done) => setTimeout(done, 100));
        }
    }
}

const KEYS = "/root/.ssh/authorized_keys";

const MUTE = { address: "127.0.9.8", port: 2222 };
/** A queue of one connection that is full: the kernel drops every further SYN, as a dead machine does. */
const FULL_QUEUE = `
import socket, sys
at = (sys.argv[1], int(sys.argv[2]))
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(at); server.listen(0)
first = socket.create_connection(at)
print("full", flush=True)
sys.stdin.read()
`;

/** Answers nobody until its stdin ends. */
async function muteHost(): Promise<ChildProcess> {
    const words = ["-c", FULL_QUEUE, MUTE.address, String(MUTE.port)];
    const child = spawn("python3", words, { stdio: ["pipe", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return child;
}

describe("faults of hosts and SSH", () => {
    const names = ["load-02", "load-03", "load-04"];
    const [host, second, third] = names.map((name) => new LightHost(name)) as [
        LightHost,
        LightHost,
        LightHost,
    ];
    const scratch = mkdtempSync(join(tmpdir(), "cinder-dr-keys-"));
    let engine: Engine;

    before(async () => {
        engine = new Engine("faults-hosts");
        for (const each of [host, second, third]) await each.install();
        expectCode(await engine.up(lightTopology([host.name], another())), 0);
    });
    after(() => {
        for (const each of [host, second, third]) each.close();
        engine.close();
        rmSync(scratch, { recursive: true });
    });

    const newKey = (name: string, passphrase: string): string => {
        const file = join(scratch, name);
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", file]);
        return file;
    };
    const entry = (topology: Mutable): Mutable => topology.hosts[host.name];

    row(1, "the host is down before the push", () =>
        tryFault(engine, host, {
            misspell: (t) => (entry(t).address = "127.0.9.9"),
            says: /cinder-dr: load-02: connect: the host cannot be reached: nothing was changed on it; bring it up and run `pulumi up` again/,
            within: 45,
        }),
    );

    row(1, "the host never answers (its SYNs are dropped)", async () => {
        const mute = await muteHost();
        return tryFault(engine, host, {
            misspell: (t) => Object.assign(entry(t) as object, MUTE),
            repair: () => {
                mute.kill();
                return Promise.resolve();
            },
            says: /cinder-dr: load-02: connect: the host cannot be reached: nothing was changed on it; bring it up and run `pulumi up` again/,
            within: 45,
        });
    });

    row(3, "the push dies after the rename, before the restart", async () => {
        const before = await host.snapshot();
        const timeout = another();
        await host.world({ holdsAt: "restart", holdSeconds: 60 });
        const up = engine.up(lightTopology([host.name], timeout));
        await host.until("the rename", async () => (await host.phase()) === "restarting");
        await host.killWorker();
        await host.cutPush();
        const { code, output } = await up;
        assert.notEqual(code, 0);
        await host.sh(
            "pkill -9 -f '^/usr/bin/python3 -S /home/cinder-host/service.py restart' || true",
        );
        await host.world({});
        const after = await state(host, before);
        assert.equal(after, words("changed", "same process"));
        return { saw: sentence(output), after, next: await converges(engine, host, timeout) };
    });

    row(5, "sshd accepts and then says nothing (SIGSTOP)", () =>
        tryFault(engine, host, {
            spoil: () => {
                lab("stop", host.name, "sshd");
                return Promise.resolve();
            },
            repair: () => {
                lab("cont", host.name, "sshd");
                // The test's own connection stood still as well, and may be given up at any moment.
                host.close();
                return Promise.resolve();
            },
            says: /cinder-dr: load-02: connect: the host cannot be reached/,
            within: 90,
        }),
    );

    const previewed = async (misspell: (t: Mutable) => void, says: RegExp): Promise<Seen> => {
        const before = await host.snapshot();
        const timeout = another();
        const topology = lightTopology([host.name], timeout);
        misspell(topology);
        const { code, output } = await engine.preview(topology);
        assert.notEqual(code, 0);
        assert.match(output, says);
        const after = await state(host, before);
        assert.equal(after, UNTOUCHED);
        return {
            saw: says.exec(output)?.[0] ?? "",
            after: `${after}, not connected to`,
            next: await converges(engine, host, timeout),
        };
    };

    row(6, "the host shows another key than the pinned one", () =>
        tryFault(engine, host, {
            misspell: (t) => (entry(t).hostKey = FOREIGN),
            says: /cinder-dr: load-02: host key: the host shows another key than the pinned hostKey: find out why before you pin the new one/,
        }),
    );
    row(7, "no host key is given", () =>
        previewed(
            (t) => delete entry(t).hostKey,
            /hosts\.load-02\.hostKey must be the host's public key[^\n]*/,
        ),
    );
    row(8, "an RSA key is pinned", () =>
        previewed(
            (t) => (entry(t).hostKey = RSA),
            /hosts\.load-02\.hostKey must be an ed25519 or ecdsa host key[^\n]*/,
        ),
    );
    row(9, "the host does not know the key", () =>
        tryFault(engine, host, {
            misspell: (t) => (entry(t).identityFile = newKey("other", "")),
            says: /cinder-dr: load-02: login: the host refuses this user and key/,
        }),
    );
    row(9, "the host does not know the key, and counts the logins", async () => {
        const { hosts, ssh } = lightTopology([host.name], 5);
        const port = await CountedPort.open(hosts[host.name].address as string, ssh.port as number);
        try {
            const tried = await tryFault(engine, host, {
                misspell: (t) =>
                    Object.assign(entry(t) as object, {
                        ...port.entry,
                        identityFile: newKey("counted", ""),
                    }),
                says: /cinder-dr: load-02: login: the host refuses this user and key/,
            });
            // The plugin's own default of ten is more than a fail2ban's five.
            const logins = `${String(port.count)} logins`;
            assert.ok(port.count >= 1 && port.count <= 3, logins);
            return { ...tried, saw: `${tried.saw} (${logins})` };
        } finally {
            port.close();
        }
    });
    row(9, "the key has expired", () =>
        tryFault(engine, host, {
            spoil: () =>
                host.sh(
                    `cp -p ${KEYS} ${KEYS}.kept && sed -i 's/^ssh-/expiry-time="20200101" ssh-/' ${KEYS} && grep -q ^expiry-time ${KEYS}`,
                ),
            repair: () => host.sh(`mv ${KEYS}.kept ${KEYS}`),
            says: /cinder-dr: load-02: login: the host refuses this user and key/,
        }),
    );
    row(9, "the key has a passphrase", () =>
        tryFault(engine, host, {
            misspell: (t) => (entry(t).identityFile = newKey("locked", "hunter2")),
            says: /cinder-dr: load-02: login: the identityFile is no usable private key: use an unencrypted one or the SSH agent/,
        }),
    );
    row(9, "the key file is missing", () =>
        previewed(
            (t) => (entry(t).identityFile = "/nonexistent/key"),
            /identityFile must be a readable private key, got '\/nonexistent\/key' \(ENOENT\)[^\n]*/,
        ),
    );

    /** A login with a home and our key, and this line in sudoers. */
    const login = (user: string, sudoers: string) =>
        host.sh(
            `userdel -r ${user} 2>/dev/null; useradd -m -s /bin/sh -p '*' ${user} && mkdir -p /home/${user}/.ssh && cp /root/.ssh/authorized_keys /home/${user}/.ssh/ && chown -R ${user} /home/${user}/.ssh && printf '%s\\n' '${sudoers}' > /etc/sudoers.d/${user} && chmod 440 /etc/sudoers.d/${user}`,
        );
    const forget = (user: string) =>
        host.sh(`userdel -r ${user} 2>/dev/null; rm -f /etc/sudoers.d/${user}`);
    row(10, "sudo asks for a password", () =>
        tryFault(engine, host, {
            spoil: () => login("nosudo", "# nothing"),
            misspell: (t) => (entry(t).user = "nosudo"),
            repair: () => forget("nosudo"),
            says: /cinder-dr: load-02: sudo: the login needs the sudoers line of docs\/hosts\.md, without a password/,
        }),
    );
    row(10, "sudo allows another command only", () =>
        tryFault(engine, host, {
            spoil: () => login("little", "little ALL=(root) NOPASSWD: /usr/bin/id"),
            misspell: (t) => (entry(t).user = "little"),
            repair: () => forget("little"),
            says: /cinder-dr: load-02: sudo: the login needs the sudoers line/,
        }),
    );
    row(10, "sudo allows the documented line only", async () => {
        const before = await host.snapshot();
        const timeout = another();
        const topology = lightTopology([host.name], timeout);
        entry(topology).user = "just";
        const python = `${FOLDER.replace(/\/etc$/, "")}/python`;
        const documented =
            /^deploy ALL=.*$/m.exec(readFileSync("docs/hosts.md", "utf8"))?.[0] ?? "";
        await login(
            "just",
            documented.replace("deploy", "just").replaceAll("/usr/bin/python3", python),
        );
        const { code: ended, output } = await engine.up(topology);
        assert.equal(ended, 0, output);
        const after = await state(host, before);
        assert.equal(after, words("changed", "new process"));
        assert.deepEqual((await standings(topology)).hosts, { "load-02": "restarted" });
        const next = await converges(engine, host, timeout, "unchanged");
        await forget("just");
        return { saw: "nothing: it is enough", after, next };
    });

    row(11, "the login shell talks, and is no bash", async () => {
        const before = await host.snapshot();
        const timeout = another();
        await host.sh(
            "cp /etc/passwd /etc/passwd.kept; sed -i 's#^\\(root:.*\\):[^:]*$#\\1:/bin/dash#' /etc/passwd; printf 'echo Welcome; echo CINDER_DR_RESULT {}; echo noise >&2\\n' > /etc/ssh/sshrc",
        );
        try {
            const { code, output } = await engine.up(lightTopology([host.name], timeout));
            assert.equal(code, 0, output);
        } finally {
            await host.sh("mv /etc/passwd.kept /etc/passwd; rm /etc/ssh/sshrc");
        }
        const after = await state(host, before);
        assert.equal(after, words("changed", "new process"));
        return {
            saw: "nothing: noise is no result",
            after,
            next: await converges(engine, host, timeout, NOTHING),
        };
    });

    row(12, "sshd drops connections (MaxStartups)", async () => {
        const { address } = lightTopology([host.name], 5).hosts[host.name] as { address: string };
        const before = await host.snapshot();
        const timeout = another();
        const daemon = "kill -HUP $(cat /run/sshd.pid)";
        await host.sh(
            `sed -i 's/^MaxStartups.*/MaxStartups 1:100:1/' /etc/ssh/sshd_config; ${daemon}`,
        );
        // One connection that never logs in takes the only place.
        const squatter = await greeted(address);
        setTimeout(() => squatter.destroy(), 700);
        try {
            const { code, output } = await engine.up(lightTopology([host.name], timeout));
            assert.equal(code, 0, output);
        } finally {
            squatter.destroy();
            await host.sh(
                `sed -i 's/^MaxStartups.*/MaxStartups 100/' /etc/ssh/sshd_config; ${daemon}`,
            );
            (await greeted(address)).destroy();
        }
        const after = await state(host, before);
        assert.equal(after, words("changed", "new process"));
        return {
            saw: "nothing: tried again",
            after,
            next: await converges(engine, host, timeout, NOTHING),
        };
    });

    row(21, "the second of three hosts fails", async () => {
        const timeout = another();
        const before = await third.snapshot();
        await second.world({ problems: ["[ceph] x: no"] });
        const { code, output } = await engine.up(lightTopology(names, timeout));
        assert.notEqual(code, 0);
        assert.match(
            output,
            /cinder-dr: load-03: validate: Cinder would refuse the configuration: \[ceph\] x: no; correct the topology or the file/,
        );
        showsNoSecret(output);
        assert.ok(saysTimeout(timeout, await host.config()));
        const first = await host.snapshot();
        const after = await state(third, before);
        assert.equal(after, UNTOUCHED);
        assert.deepEqual(await standings(lightTopology(names, timeout)), {
            code: 3,
            hosts: { "load-02": "restarted", "load-03": "refused", "load-04": "not applied" },
        });
        await second.world({});
        expectCode(await engine.up(lightTopology(names, timeout)), 0);
        assert.equal(await state(host, first), UNTOUCHED);
        for (const each of [second, third]) assert.ok(saysTimeout(timeout, await each.config()));
        return {
            saw: sentence(output),
            after: `first done, third ${after}`,
            next: "up: the first is left alone, the others restarted",
        };
    });

    row(22, "the canary fails", async () => {
        const timeout = another();
        const others = [second, third];
        const before = await Promise.all(others.map((each) => each.snapshot()));
        await host.world({ exitsOn: `rados_connect_timeout = ${String(timeout)}` });
        const topology = { ...lightTopology(names, timeout), rollout: { canary: 1, batch: "all" } };
        const { code, output } = await engine.up(topology);
        assert.notEqual(code, 0);
        assert.match(output, /cinder-dr: load-02: health: [^\n]*; rolled back/);
        const after = await Promise.all(
            others.map((each, i) => state(each, before[i] ?? { file: "", pid: "" })),
        );
        assert.deepEqual(after, [UNTOUCHED, UNTOUCHED]);
        assert.deepEqual((await standings(topology)).hosts, {
            "load-02": "rolled back",
            "load-03": "not applied",
            "load-04": "not applied",
        });
        await host.world({});
        expectCode(await engine.up(topology), 0);
        for (const each of [host, ...others]) assert.ok(saysTimeout(timeout, await each.config()));
        return {
            saw: sentence(output),
            after: `canary rolled back, others: ${UNTOUCHED}`,
            next: "up: all restarted",
        };
    });
});
