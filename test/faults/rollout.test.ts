import { strict as assert } from "node:assert";

import { expectCode, type Mutable } from "../lab/support";
import { CountedPort } from "./countedPort";
import { Engine, standings } from "./engine";
import { LightHost, lightTopology } from "./lightHost";
import { elsewhere, row } from "./matrix";
import { another, NOTHING, saysTimeout, state, UNTOUCHED } from "./trial";

describe("faults of a rollout", () => {
    const names = ["load-05", "load-06", "load-07"];
    const [first, second, third] = names.map((name) => new LightHost(name)) as [
        LightHost,
        LightHost,
        LightHost,
    ];
    const hosts = [first, second, third];
    let engine: Engine;

    before(async () => {
        engine = new Engine("faults-rollout");
        for (const host of hosts) await host.install();
    });
    after(() => {
        for (const host of hosts) host.close();
        engine.close();
    });

    const topologyOf = (timeout: number, rollout: Mutable = {}): Mutable => ({
        ...lightTopology(names, timeout),
        rollout,
    });
    /** The second host as one that nobody can reach. */
    const without = (topology: Mutable, reason?: string): Mutable => {
        topology.hosts[second.name].address = "127.0.9.9";
        if (reason !== undefined) topology.hosts[second.name].unreachable = reason;
        return topology;
    };

    elsewhere(
        28,
        "members of a cluster with different replication devices",
        "cannot be written: a topology gives all hosts of a backend one device; by hand: policy hosts-of-a-backend-agree, examples/wrong/hosts-that-differ",
    );

    row(13, "a host is away for good and was never pushed", async () => {
        const before = await second.snapshot();
        const reason = "its mainboard is on order, CHG-7";
        const timeout = another();
        const topology = without(topologyOf(timeout), reason);
        const { output } = expectCode(await engine.up(topology), 0);
        assert.match(
            output,
            /cinder-dr: load-06: not applied: unreachable: its mainboard is on order, CHG-7/,
        );
        assert.match(output, /notApplied\s*: \{\s*load-06: "its mainboard is on order, CHG-7"/);
        for (const host of [first, third]) assert.ok(saysTimeout(timeout, await host.config()));
        const after = await state(second, before);
        assert.equal(after, UNTOUCHED);
        expectCode(await engine.up(topology, "--expect-no-changes"), 0);
        // Back again: without the word it is pushed as any new host.
        expectCode(await engine.up(topologyOf(timeout)), 0);
        assert.ok(saysTimeout(timeout, await second.config()));
        return {
            saw: /cinder-dr: load-06: not applied[^\n]*/.exec(output)?.[0] ?? "",
            after: `${after}; the others restarted`,
            next: "up without the word: restarted",
        };
    });

    row(13, "a host is away for good and was pushed before", async () => {
        const earlier = another();
        expectCode(await engine.up(topologyOf(earlier)), 0);
        const before = await second.snapshot();
        const timeout = another();
        const stopped = await engine.up(without(topologyOf(timeout)));
        assert.notEqual(stopped.code, 0);
        assert.match(stopped.output, /cinder-dr: load-06: connect: the host cannot be reached/);
        assert.ok(saysTimeout(timeout, await first.config()));
        assert.ok(saysTimeout(earlier, await third.config()), "the rollout did not stop");
        assert.deepEqual(await standings(without(topologyOf(timeout))), {
            code: 3,
            hosts: { "load-05": "restarted", "load-06": "not reached", "load-07": "not applied" },
        });
        const topology = without(topologyOf(timeout), "fire in room 3");
        const { output } = expectCode(await engine.up(topology), 0);
        assert.match(output, /cinder-dr: load-06: not applied: unreachable: fire in room 3/);
        assert.ok(saysTimeout(timeout, await third.config()));
        const after = await state(second, before);
        assert.equal(after, UNTOUCHED);
        assert.deepEqual((await standings(topology)).hosts, {
            "load-05": "restarted",
            "load-06": "not applied",
            "load-07": "restarted",
        });
        const last = await second.runTime();
        // It stayed in the state: back again it is updated, and taken out it is given back.
        const back = await engine.up(topologyOf(timeout));
        expectCode(back, 0);
        assert.notEqual(await second.runTime(), last, NOTHING);
        assert.match(back.output, /command:remote:Command load-06 updated/);
        return {
            saw: /cinder-dr: load-06: not applied[^\n]*/.exec(output)?.[0] ?? "",
            after: `${after}; the others restarted`,
            next: "up without the word: restarted",
        };
    });

    it("connects once to each host that it changes, and to none for a preview or without a change", async () => {
        const real = topologyOf(another());
        const ports = await Promise.all(
            names.map((name) =>
                CountedPort.open(real.hosts[name].address as string, real.ssh.port as number),
            ),
        );
        const counts = () => ports.map(({ count }) => count);
        for (const rollout of [{}, { canary: 0, batch: "all" }]) {
            const through = (topology: Mutable): Mutable => {
                for (const [i, { name }] of hosts.entries())
                    Object.assign(topology.hosts[name], ports[i]?.entry);
                return topology;
            };
            for (const port of ports) port.count = 0;
            const timeout = another();
            const topology = through(topologyOf(timeout, rollout));
            expectCode(await engine.preview(topology), 0);
            assert.deepEqual(counts(), [0, 0, 0]);
            expectCode(await engine.up(topology), 0);
            assert.deepEqual(counts(), [1, 1, 1]);
            for (const host of hosts) assert.ok(saysTimeout(timeout, await host.config()));
            expectCode(await engine.up(topology, "--expect-no-changes"), 0);
            assert.deepEqual(counts(), [1, 1, 1]);
        }
        for (const port of ports) port.close();
    });

    it("waits after a restart, and not after a push that changed nothing", async () => {
        const began = async (host: LightHost) =>
            Number(await host.sh("stat -c %Y /home/cinder-host/pid"));
        const timeout = another();
        expectCode(await engine.up(topologyOf(timeout, { pauseSeconds: 8 })), 0);
        const [a, b, c] = await Promise.all(hosts.map(began));
        assert.ok(b! - a! >= 8 && c! - b! >= 8, `${String(a)} ${String(b)} ${String(c)}`);
        // Another time limit is another request and the same file.
        const topology = topologyOf(timeout, { pauseSeconds: 600 });
        topology.timeouts.healthSeconds = 4;
        expectCode(await engine.up(topology), 0);
        for (const host of hosts) assert.equal((await host.result()).outcome, "unchanged");
    });

    it("never has both members of an active-active cluster down at once", async () => {
        const members = [first, second];
        for (const [i, host] of members.entries()) {
            const other = members[1 - i]?.name ?? "";
            await host.world({
                cluster: "aa",
                members: { [`${other}@ceph`]: true },
                restartSeconds: 1,
            });
        }
        const topology = topologyOf(another(), { canary: 0, batch: "all" });
        for (const host of members) topology.hosts[host.name].cluster = "aa";
        const running = engine.up(topology);
        let ended = false;
        void running.then(() => (ended = true));
        let both = 0;
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set when the run ends
        while (!ended) {
            const pids = await Promise.all(members.map((host) => host.pid()));
            if (pids.every((pid) => pid === "0")) both++;
            await new Promise((done) => setTimeout(done, 100));
        }
        expectCode(await running, 0);
        assert.equal(both, 0);
        for (const host of members) await host.world({});
    });
});
