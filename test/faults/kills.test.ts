import { strict as assert } from "node:assert";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import type { World } from "../host/fakeHost";
import { expectCode, killGroup, type Mutable } from "../lab/support";
import { Engine } from "./engine";
import { planKills, PUSH_EACH, type Kill } from "./killPlan";
import { LightHost, lightTopology } from "./lightHost";
import { row } from "./matrix";
import { another, saysTimeout } from "./trial";

const RUNS = Number(process.env.CINDER_DR_KILLS ?? 100);
/** The same seed plans the same kills; how far each `up` is at its moment is the machine's business. */
const SEED = Number(process.env.CINDER_DR_KILLS_SEED ?? Date.now() % 1_000_000);
/** Two hosts each: the canary and the rest. An `up` mostly waits, so several share a processor well. */
const LANES = ["load-11", "load-13", "load-15", "load-17"].map((name) => [name, next(name)]);
/** After so many killed runs of a lane one goes through to its end. */
const EVERY = 5;
/** A lane has to be set up, and is worth it for that many. */
const USED = LANES.slice(0, Math.ceil(RUNS / EVERY));

function next(name: string): string {
    return `load-${String(Number(name.slice("load-".length)) + 1)}`;
}

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

/** A service that takes its time: otherwise most of a run is Pulumi's own start, and a kill seldom meets a push. */
const SLOW: World = { restartSeconds: 0.5, holdsAt: "rows", holdSeconds: 0.4 };

const LINE = /^rados_connect_timeout = (\d+)$/m;
/** A file without the one value that tells its versions apart. */
const but = (text: string): string => text.replace(LINE, "");
const valueIn = (text: string): number => Number(LINE.exec(text)?.[1]);

/** One stack with its hosts, whose `up` is killed again and again. */
class Lane {
    private readonly engine: Engine;
    private readonly hosts: LightHost[];
    private readonly values = new Set<number>();
    private whole: string[] = [];
    /** Milliseconds of an `up` that nobody kills. */
    private long = 0;
    private runs = 0;
    midway = 0;
    locked = 0;

    constructor(private readonly names: string[]) {
        this.engine = new Engine(`faults-kills-${names[0] ?? ""}`);
        this.hosts = names.map((name) => new LightHost(name));
    }

    private topology(timeout: number): Mutable {
        this.values.add(timeout);
        const topology = lightTopology(this.names, timeout);
        topology.rollout = { canary: 1, batch: "all" };
        topology.timeouts.healthSeconds = 30;
        return topology;
    }

    async begin(): Promise<void> {
        for (const host of this.hosts) {
            await host.install();
            await host.world(SLOW);
        }
        await this.finish();
        this.whole = await this.each(async (host) => but(await host.config()));
    }

    private each = <T>(look: (host: LightHost) => Promise<T>): Promise<T[]> =>
        Promise.all(this.hosts.map(look));

    /** An `up` to its end: it must converge, whatever was killed before. */
    async finish(): Promise<void> {
        const timeout = another();
        const start = Date.now();
        expectCode(await this.engine.up(this.topology(timeout)), 0);
        this.long = Date.now() - start;
        await this.each(async (host) => {
            assert.ok(saysTimeout(timeout, await host.config()));
            assert.equal(await host.leftovers(), "");
            assert.equal(await host.phase(), "");
        });
    }

    /** Starts an `up` and kills it; answers the milliseconds after which that happened. */
    private async shoot({ at, alone, inPush }: Kill): Promise<number> {
        for (;;) {
            const start = Date.now();
            const running = this.engine.start(this.topology(another()));
            const ended = once(running, "exit");
            const moment = inPush ? this.pushBegins(running) : pause(at * this.long);
            await Promise.race([moment, ended]);
            const hit = running.exitCode === null;
            if (hit) {
                if (alone) killEngine(running);
                else killGroup(running);
            }
            await ended;
            if (hit) return Date.now() - start;
            // It was quicker than the last one, and this was no kill.
            this.long = Date.now() - start;
        }
    }

    /** Resolves as soon as a push is at work on a host, or none will be. */
    private async pushBegins(running: ChildProcess): Promise<void> {
        while (running.exitCode === null && running.signalCode === null) {
            const workers = await this.each((host) => host.worker());
            if (workers.some((worker) => worker !== "")) return;
        }
    }

    async kill(kill: Kill, of: number): Promise<void> {
        const after = await this.shoot(kill);
        const name = `kill ${String(kill.number)}/${String(of)} of ${kill.alone ? "the engine alone" : "the whole group"} after ${String(after)} of ${String(this.long)} ms`;
        const wentOn = await this.each((host) => host.worker());
        await this.each(async (host) => {
            await host.until("the end of the push", async () => (await host.worker()) === "");
        });
        const texts = await this.each((host) => host.config());
        const pids = await this.each((host) => host.pid());
        const lock = this.engine.locked();
        const seen = texts.map((text) => String(valueIn(text))).join(", ");
        console.log(`      ${name}: ${this.names.join(", ")} say ${seen}${lock ? ", locked" : ""}`);
        for (const [i, text] of texts.entries()) {
            const said = `${name}, ${this.names[i] ?? ""}`;
            assert.equal(but(text), this.whole[i], `${said}: the file is not whole`);
            assert.ok(this.values.has(valueIn(text)), `${said}: ${text}`);
            assert.notEqual(pids[i], "0", `${said}: no service`);
        }
        this.midway += wentOn.filter((worker) => worker !== "").length;
        const empty = this.engine.dropEmptySideFiles();
        if (empty !== "") console.log(`      left empty, and taken away: ${empty}`);
        if (lock) await this.unlock();
        if (++this.runs % EVERY === 0) await this.finish();
    }

    /** The first time the next `up` is asked too: it must name the way out. */
    private async unlock(): Promise<void> {
        if (++this.locked === 1) {
            const { code, output } = await this.engine.up(this.topology(another()));
            assert.notEqual(code, 0);
            assert.match(output, /the stack is currently locked[^]*`pulumi cancel`/);
        }
        expectCode(await this.engine.cancel(), 0);
    }

    async mend(): Promise<void> {
        this.engine.emptySideFile();
        const { code, output } = await this.engine.up(this.topology(another()));
        assert.notEqual(code, 0);
        assert.match(output, /error: failed to load checkpoint: EOF/);
        assert.match(this.engine.dropEmptySideFiles(), /\.json\.attrs$/);
        await this.finish();
    }

    close(): void {
        for (const host of this.hosts) host.close();
        this.engine.close();
    }
}

describe("kill -9 of `pulumi up`", () => {
    let lanes: Lane[] = [];

    before(async () => {
        lanes = USED.map((names) => new Lane(names));
        await Promise.all(lanes.map((lane) => lane.begin()));
    });
    after(() => {
        for (const lane of lanes) lane.close();
    });

    it("cannot read the state of a folder whose side file a kill left empty, until that is gone", async () => {
        await lanes[0]?.mend();
    });

    it("repeats its kills when it gets their seed", () => {
        assert.deepEqual(planKills(RUNS, SEED), planKills(RUNS, SEED));
        assert.notDeepEqual(planKills(RUNS, SEED), planKills(RUNS, SEED + 1));
    });

    row(
        30,
        `kill -9 at ${String(RUNS)} random moments (CINDER_DR_KILLS_SEED=${String(SEED)})`,
        async () => {
            const kills = planKills(RUNS, SEED);
            await Promise.all(
                lanes.map(async (lane) => {
                    for (let kill = kills.shift(); kill !== undefined; kill = kills.shift())
                        await lane.kill(kill, RUNS);
                    await lane.finish();
                }),
            );
            const sum = (of: (lane: Lane) => number): number =>
                lanes.reduce((total, lane) => total + of(lane), 0);
            const midway = sum((lane) => lane.midway);
            assert.ok(midway >= RUNS / PUSH_EACH, `only ${String(midway)} kills met a push`);
            return {
                saw: `nothing: Pulumi is dead; the next run names \`pulumi cancel\` (needed ${String(sum((lane) => lane.locked))} times)`,
                after: `${String(RUNS)} times the old or the new file whole, service up; ${String(midway)} pushes went on without Pulumi`,
                next: "cancel, then up: converges",
            };
        },
    ).timeout(3_600_000);
});
