import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { CONF } from "../host/fakeHost";
import { expectCode, run, type Mutable } from "../lab/support";
import { Engine, sentence, standings } from "./engine";
import { LightHost, lightTopology } from "./lightHost";
import { row, type Seen } from "./matrix";
import { another, converges, NOTHING, saysTimeout, state, UNTOUCHED, words } from "./trial";

const HOME = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");

/** Pulumi's home with the CLI that the launcher looks for there, and with no plugin. */
function homeWithoutPlugins(folder: string): string {
    mkdirSync(folder);
    for (const name of readdirSync(HOME))
        if (name !== "plugins") symlinkSync(join(HOME, name), join(folder, name));
    return folder;
}

/** The same with all plugins, but that of the pushes calls itself an older version. */
function homeWithOlderPlugin(folder: string): string {
    homeWithoutPlugins(folder);
    const plugins = join(folder, "plugins");
    mkdirSync(plugins);
    for (const name of readdirSync(join(HOME, "plugins"))) {
        const older = name.replace(/^resource-command-v1\.2\.1/, "resource-command-v1.1.0");
        symlinkSync(join(HOME, "plugins", name), join(plugins, older));
    }
    return folder;
}

/** Who waits for ever, and what a user then reads. */
const WAITING: Record<string, RegExp> = {
    "for the topology":
        /error: topology: 1 problem\(s\)\s+must be a value that is known at once, got an Output: [^\n]*/,
    "for a value of it":
        /error: topology: 1 problem\(s\)\s+backends\.ceph\.pool must be a value that is known at once, got an Output: [^\n]*/,
    "for what it depends on":
        /\* "first" \[cinder-dr:index:CinderDisasterRecovery\] was waiting for its dependencies to resolve/,
};

describe("faults of the engine and its state", () => {
    const host = new LightHost("load-09");
    const second = new LightHost("load-10");
    const scratch = mkdtempSync(join(tmpdir(), "cinder-dr-engine-"));
    let engine: Engine;
    let timeout = 0;
    const topologyOf = (): Mutable => lightTopology([host.name], timeout);

    before(async () => {
        for (const each of [host, second]) await each.install();
        engine = new Engine("faults-engine");
        timeout = another();
        expectCode(await engine.up(topologyOf()), 0);
    });
    after(() => {
        for (const each of [host, second]) each.close();
        engine.close();
        rmSync(scratch, { recursive: true });
    });

    row(29, "two `up` of one stack at once", async () => {
        const before = await host.snapshot();
        timeout = another();
        await host.world({ holdsAt: "validate", holdSeconds: 20 });
        const first = engine.up(topologyOf());
        await host.until("the push", async () => (await host.leftovers()) !== "");
        const other = await engine.up(topologyOf());
        assert.notEqual(other.code, 0);
        assert.match(other.output, /the stack is currently locked/);
        await host.world({});
        expectCode(await first, 0);
        const after = await state(host, before);
        assert.equal(after, words("changed", "new process"));
        return {
            saw: /[^\n]*currently locked[^\n]*/.exec(other.output)?.[0] ?? "",
            after,
            next: await converges(engine, host, timeout, NOTHING),
        };
    });

    const otherStack = async (): Promise<Seen> => {
        const other = new Engine("faults-other");
        try {
            const before = await host.snapshot();
            const { code, output } = await other.up(lightTopology([host.name], another()));
            assert.notEqual(code, 0);
            assert.match(
                output,
                /cinder-dr: load-09: render: the host is managed by cinder-dr\/faults-engine, and cinder-dr\/faults-other wants another configuration; take the host out of one of them/,
            );
            const after = await state(host, before);
            assert.equal(after, UNTOUCHED);
            return {
                saw: sentence(output),
                after,
                next: await converges(engine, host, timeout, NOTHING),
            };
        } finally {
            other.close();
        }
    };
    row(29, "another stack pushes the same host", otherStack);
    row(60, "two stacks want different things of one host", otherStack);

    row(31, "the state is lost", async () => {
        const before = await host.snapshot();
        engine.close();
        engine = new Engine("faults-engine");
        const last = await host.runTime();
        expectCode(await engine.up(topologyOf()), 0);
        assert.notEqual(await host.runTime(), last);
        assert.equal((await host.result()).outcome, "unchanged");
        const after = await state(host, before);
        assert.equal(after, UNTOUCHED);
        return { saw: "nothing", after, next: "up: unchanged" };
    });

    row(31, "the state is rolled back to an old checkpoint", async () => {
        const old = timeout;
        const restore = engine.checkpoint();
        timeout = another();
        expectCode(await engine.up(topologyOf()), 0);
        const before = await host.snapshot();
        restore();
        // The state's own topology is no difference to the state: who compares with the host sees it.
        expectCode(await engine.up(lightTopology([host.name], old), "--expect-no-changes"), 0);
        assert.deepEqual((await standings(lightTopology([host.name], old))).hosts, {
            [host.name]: "not applied",
        });
        const next = await converges(engine, host, timeout, "unchanged");
        const after = await state(host, before);
        assert.equal(after, UNTOUCHED);
        return { saw: "nothing; `cinder-dr rollout`: not applied", after, next };
    });

    row(34, "a host is renamed", async () => {
        const renamed = (name: string): Mutable => {
            const topology = topologyOf();
            topology.hosts = { [name]: (topology.hosts as Record<string, unknown>)[host.name] };
            return topology;
        };
        const before = await host.snapshot();
        expectCode(await engine.up(renamed("cinder-by-another-name")), 0);
        const after = await state(host, before);
        assert.equal(after, UNTOUCHED);
        expectCode(await engine.up(topologyOf()), 0);
        assert.equal(await state(host, before), UNTOUCHED);
        return { saw: "nothing", after, next: await converges(engine, host, timeout, NOTHING) };
    });

    /** Whether a process of the group is left to take the signal. */
    const signalled = (group: number, signal: NodeJS.Signals | 0): boolean => {
        try {
            return process.kill(-group, signal);
        } catch {
            return false;
        }
    };
    const interrupted = async (times: number): Promise<Seen> => {
        timeout = another();
        await host.world({ holdsAt: "validate", holdSeconds: 8 });
        const { pid = 0 } = engine.start(topologyOf());
        await host.until("the push", async () => (await host.worker()) !== "");
        const begun = Date.now();
        // A terminal interrupts the whole group: the launcher ends at once, and Pulumi when it thinks fit.
        for (let time = 0; time < times; time++) {
            assert.ok(signalled(pid, "SIGINT"), "Pulumi did not wait for the push");
            await pause(1000);
        }
        await host.until("the end of Pulumi", () => Promise.resolve(!signalled(pid, 0)), 30);
        const seconds = ((Date.now() - begun) / 1000).toFixed(0);
        await host.world({});
        await host.until("the end of the push", async () => (await host.worker()) === "");
        assert.ok(saysTimeout(timeout, await host.config()), "the host did not finish by itself");
        assert.notEqual(await host.pid(), "0");
        assert.equal(await host.leftovers(), "");
        const before = await host.snapshot();
        const locked = engine.locked();
        if (locked) expectCode(await engine.cancel(), 0);
        expectCode(await engine.up(topologyOf()), 0);
        assert.equal(await state(host, before), UNTOUCHED);
        return {
            saw: `Pulumi has ended ${seconds} s after the first`,
            after: "the host has finished by itself",
            next: `${locked ? "cancel, then " : ""}up: nothing restarts`,
        };
    };
    row(30, "Ctrl-C once during a push", () => interrupted(1));
    row(30, "Ctrl-C twice during a push", () => interrupted(2));

    const failedOver = {
        rows: { ceph: { activeBackendId: "secondary", replicationStatus: "failed-over" } },
    };
    row(32, "destroy while the backend is failed over", async () => {
        const before = await host.snapshot();
        await host.world(failedOver);
        const { code, output } = await engine.destroy(topologyOf());
        assert.notEqual(code, 0);
        assert.match(
            output,
            /cinder-dr: load-09: guard: \[ceph\] is failed over to 'secondary' and cannot be removed; fail back first/,
        );
        const after = await state(host, before);
        assert.equal(after, UNTOUCHED);
        await host.world({});
        return {
            saw: sentence(output),
            after,
            next: await converges(engine, host, timeout, NOTHING),
        };
    });

    row(59, "`up` after somebody failed the backend over outside", async () => {
        const before = await host.snapshot();
        await host.world(failedOver);
        expectCode(await engine.up(topologyOf(), "--expect-no-changes"), 0);
        const after = await state(host, before);
        assert.equal(after, UNTOUCHED);
        // A change is pushed and fails nothing back.
        await host.lose("ceph");
        timeout = another();
        const next = await converges(engine, host, timeout);
        await host.lose("ceph", false);
        await host.world({});
        return { saw: "nothing", after, next: `${next} on the active side, with the primary away` };
    });

    row(34, "hosts are written in another order", async () => {
        const names = [host.name, second.name];
        expectCode(await engine.up(lightTopology(names, timeout)), 0);
        const before = await Promise.all([host, second].map((each) => each.snapshot()));
        const last = await Promise.all([host, second].map((each) => each.runTime()));
        expectCode(await engine.up(lightTopology([...names].reverse(), timeout)), 0);
        assert.deepEqual(await Promise.all([host, second].map((each) => each.runTime())), last);
        const after = await state(host, before[0] ?? { file: "", pid: "" });
        assert.equal(after, UNTOUCHED);
        return { saw: "nothing", after, next: "up: nothing to push" };
    });

    row(35, "the SSH key is rotated", async () => {
        const before = await host.snapshot();
        const file = join(scratch, "new");
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
        await host.sh(
            "cat >> /root/.ssh/authorized_keys",
            execFileSync("cat", [`${file}.pub`]).toString(),
        );
        const topology = topologyOf();
        topology.hosts[host.name].identityFile = file;
        expectCode(await engine.up(topology), 0);
        assert.equal((await host.result()).outcome, "unchanged");
        const after = await state(host, before);
        assert.equal(after, UNTOUCHED);
        return { saw: "nothing", after, next: await converges(engine, host, timeout, "unchanged") };
    });

    /** A second host key of another type beside the first, as sshd shows both. */
    const secondKey = async (): Promise<string> => {
        await host.sh(
            "cd /etc/ssh && rm -f overlap overlap.pub && ssh-keygen -q -t ecdsa -N '' -f overlap && printf 'HostKey /etc/ssh/overlap\\n' >> sshd_config && kill -HUP $(cat /run/sshd.pid)",
        );
        const [type, key] = (await host.sh("cat /etc/ssh/overlap.pub")).split(" ");
        return `${type ?? ""} ${key ?? ""}`;
    };
    row(35, "the host key is rotated, with both keys shown for a while", async () => {
        const before = await host.snapshot();
        const topology = topologyOf();
        topology.hosts[host.name].hostKey = await secondKey();
        try {
            expectCode(await engine.up(topology), 0);
            assert.equal((await host.result()).outcome, "unchanged");
            const after = await state(host, before);
            assert.equal(after, UNTOUCHED);
            return {
                saw: "nothing",
                after,
                next: await converges(engine, host, timeout, "unchanged"),
            };
        } finally {
            await host.sh(
                "sed -i '/overlap/d' /etc/ssh/sshd_config && kill -HUP $(cat /run/sshd.pid)",
            );
        }
    });

    row(35, "the host key is replaced by one of its type, with both keys pinned", async () => {
        const before = await host.snapshot();
        const inEtc = (script: string) =>
            host.sh(`cd /etc/ssh && ${script} && kill -HUP $(cat /run/sshd.pid)`);
        await host.sh("cd /etc/ssh && rm -f new new.pub && ssh-keygen -q -t ed25519 -N '' -f new");
        const [type, key] = (await host.sh("cat /etc/ssh/new.pub")).split(" ");
        const topology = topologyOf();
        topology.hosts[host.name].nextHostKey = `${type ?? ""} ${key ?? ""}`;
        expectCode(await engine.up(topology), 0);
        const last = await host.runTime();
        await inEtc("sed -i 's/ssh_host_ed25519_key$/new/' sshd_config");
        try {
            expectCode(await engine.up(topology), 0);
            assert.notEqual(await host.runTime(), last, "the new key was not used");
            assert.equal((await host.result()).outcome, "unchanged");
            const { hosts } = topology;
            hosts[host.name].hostKey = hosts[host.name].nextHostKey;
            Reflect.deleteProperty(hosts[host.name] as object, "nextHostKey");
            const pushed = await host.runTime();
            expectCode(await engine.up(topology), 0);
            assert.equal(await host.runTime(), pushed);
            assert.equal(await state(host, before), UNTOUCHED);
        } finally {
            await inEtc("sed -i 's/\\/new$/\\/ssh_host_ed25519_key/' sshd_config");
        }
        return {
            saw: "nothing",
            after: UNTOUCHED,
            next: await converges(engine, host, timeout, "unchanged"),
        };
    });

    row(35, "the password of another provider is rotated", async () => {
        const before = await host.snapshot();
        const last = await host.runTime();
        const topology = {
            ...topologyOf(),
            volumeTypes: { rotated: { backend: "ceph", protect: false } },
        };
        await run("openstack", ["volume", "type", "delete", "rotated"]);
        expectCode(await engine.up(topology), 0);
        engine.config["openstack:password"] = engine.env.OS_PASSWORD ?? "";
        try {
            expectCode(await engine.up(topology), 0);
            assert.equal(await host.runTime(), last);
            const after = await state(host, before);
            assert.equal(after, UNTOUCHED);
            expectCode(await engine.up(topologyOf()), 0);
            return { saw: "nothing", after, next: "up: nothing to push" };
        } finally {
            Reflect.deleteProperty(engine.config, "openstack:password");
        }
    });

    for (const [waits, says] of Object.entries(WAITING))
        row(71, `a program waits ${waits}, which nobody gives`, async () => {
            const waiting = new Engine("faults-unresolved", join(__dirname, "unresolved"));
            waiting.env.CINDER_DR_WAITS = waits;
            try {
                const before = await host.snapshot();
                const { code, output } = await waiting.up(lightTopology([host.name], another()));
                assert.notEqual(code, 0, output);
                assert.match(output, says);
                const after = await state(host, before);
                assert.equal(after, UNTOUCHED);
                const next = await converges(engine, host, timeout, NOTHING);
                return { saw: says.exec(output)?.[0] ?? "", after, next };
            } finally {
                waiting.close();
            }
        });

    row(34, "the component is renamed, with an alias", async () => {
        const other = new Engine("faults-renamed", join(__dirname, "renamed"));
        try {
            const mine = new LightHost("load-08");
            await mine.install();
            const value = another();
            expectCode(await other.up(lightTopology([mine.name], value)), 0);
            const before = await mine.snapshot();
            const last = await mine.runTime();
            other.env.CINDER_DR_NAME = "second";
            const { output } = expectCode(await other.up(lightTopology([mine.name], value)), 0);
            assert.doesNotMatch(output, /(?:created|deleted|replaced)/);
            assert.equal(await mine.runTime(), last);
            const after = await state(mine, before);
            assert.equal(after, UNTOUCHED);
            mine.close();
            return { saw: "nothing", after, next: "up: nothing to push" };
        } finally {
            other.close();
        }
    });

    row(36, "a preview before anything is known", async () => {
        const other = new Engine("faults-first");
        const topology = topologyOf();
        topology.hosts[host.name].address = "127.0.9.9";
        topology.volumeTypes = { fresh: { backend: "ceph", protect: false } };
        const before = await host.snapshot();
        const { code, output } = await other.preview(topology);
        other.close();
        assert.equal(code, 0, output);
        assert.deepEqual(await host.snapshot(), before);
        return {
            saw: "the plan",
            after: `${UNTOUCHED}, not connected to`,
            next: "preview: the same",
        };
    });

    /** `up` with another home of Pulumi's says which plugin it lacks, and leaves the host as it is. */
    const withoutPlugin = async (home: string, says: RegExp): Promise<Seen> => {
        const before = await host.snapshot();
        engine.env.PULUMI_HOME = home;
        const { code, output } = await engine.up(lightTopology([host.name], another()));
        Reflect.deleteProperty(engine.env, "PULUMI_HOME");
        assert.notEqual(code, 0);
        assert.match(output, says);
        const after = await state(host, before);
        assert.equal(after, UNTOUCHED);
        return {
            saw: sentence(output),
            after,
            next: await converges(engine, host, timeout, NOTHING),
        };
    };
    row(37, "the provider plugin is missing", () =>
        withoutPlugin(homeWithoutPlugins(join(scratch, "home")), /command/),
    );
    row(37, "the provider plugin is an older one", () =>
        withoutPlugin(homeWithOlderPlugin(join(scratch, "older")), /command[^\n]*1\.2\.1/),
    );

    row(33, "destroy", async () => {
        const before = await host.snapshot();
        expectCode(await engine.destroy(topologyOf()), 0);
        assert.equal(await host.config(), CONF.endsWith("\n") ? CONF : `${CONF}\n`);
        const after = await state(host, before);
        assert.equal(after, words("changed", "new process"));
        assert.equal(
            await host.sh("ls -d /home/cinder-host/etc/.cinder-dr 2>/dev/null || true"),
            "",
        );
        return {
            saw: "nothing",
            after: `${after}: byte for byte as before us`,
            next: await converges(engine, host, timeout),
        };
    });
});
