import { strict as assert } from "node:assert";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

import { expectCode, killGroup, type Mutable } from "../lab/support";
import { Engine } from "./engine";
import { LightHost, lightTopology } from "./lightHost";
import { row } from "./matrix";
import { another, saysTimeout } from "./trial";

const RUNS = Number(process.env.CINDER_DR_KILLS ?? 30);
/** After so many killed runs one goes through to its end. */
const EVERY = 5;

/** SIGKILL for the launcher and the engine alone: their plugins go on pushing, as they do when only Pulumi dies. */
function killEngine({ pid }: ChildProcess): void {
    if (pid === undefined) return;
    const file = `/proc/${String(pid)}/task/${String(pid)}/children`;
    const children = readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number);
    for (const each of [pid, ...children])
        try {
            process.kill(each, "SIGKILL");
        } catch {
            // It ended between the look and the kill.
        }
}

const LINE = /^rados_connect_timeout = (\d+)$/m;
/** A file without the one value that tells its versions apart. */
const but = (text: string): string => text.replace(LINE, "");
const valueIn = (text: string): number => Number(LINE.exec(text)?.[1]);

describe("kill -9 of `pulumi up`", () => {
    const names = ["load-11", "load-12", "load-13"];
    const hosts = names.map((name) => new LightHost(name));
    let engine: Engine;

    before(async () => {
        engine = new Engine("faults-kills");
        for (const host of hosts) await host.install();
    });
    after(() => {
        for (const host of hosts) host.close();
        engine.close();
    });

    const topologyOf = (timeout: number): Mutable => ({
        ...lightTopology(names, timeout),
        rollout: { canary: 1, batch: "all" },
    });

    row(30, `kill -9 at ${String(RUNS)} random moments`, async () => {
        const values = new Set<number>();
        const start = Date.now();
        let timeout = another();
        expectCode(await engine.up(topologyOf(timeout)), 0);
        const long = Date.now() - start;
        values.add(timeout);
        const whole = await Promise.all(hosts.map(async (host) => but(await host.config())));
        let midway = 0;
        let locked = 0;
        for (let kill = 1; kill <= RUNS; kill++) {
            timeout = another();
            values.add(timeout);
            const running = engine.start(topologyOf(timeout));
            const ended = once(running, "exit");
            await new Promise((done) => setTimeout(done, Math.random() * long * 1.1));
            if (running.exitCode === null) {
                if (kill % 2 === 0) killGroup(running);
                else killEngine(running);
            }
            await ended;
            for (const [i, host] of hosts.entries()) {
                if ((await host.worker()) !== "") midway++;
                await host.until("the end of the push", async () => (await host.worker()) === "");
                const text = await host.config();
                assert.equal(but(text), whole[i], `kill ${String(kill)}: the file is not whole`);
                assert.ok(values.has(valueIn(text)), `kill ${String(kill)}: ${text}`);
                assert.notEqual(await host.pid(), "0", `kill ${String(kill)}: no service`);
            }
            if ((await engine.cancel()).code === 0) locked++;
            if (kill % EVERY !== 0 && kill !== RUNS) continue;
            timeout = another();
            expectCode(await engine.up(topologyOf(timeout)), 0);
            for (const host of hosts) {
                assert.ok(saysTimeout(timeout, await host.config()));
                assert.equal(await host.leftovers(), "");
                assert.equal(await host.phase(), "");
            }
            values.add(timeout);
        }
        return {
            saw: `nothing: Pulumi is dead; the next run names \`pulumi cancel\` (needed ${String(locked)} times)`,
            after: `${String(RUNS)} times the old or the new file whole, service up; ${String(midway)} pushes went on without Pulumi`,
            next: "cancel, then up: converges",
        };
    }).timeout(3_600_000);
});
