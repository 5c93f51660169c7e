import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, it } from "mocha";
import { CEPH, CONF, finished, withHost, type FakeHost } from "../fakeHost";

const SKIP_CEPH = ["target"];

/** The worker writes its own pid into the lock. */
async function workerOf(host: FakeHost): Promise<number> {
    for (let tries = 0; tries < 500; tries++) {
        const lock = join(host.state, "lock");
        const pid = existsSync(lock) && /^pid (\d+) /.exec(readFileSync(lock, "utf8"))?.[1];
        if (pid) return Number(pid);
        await pause(5);
    }
    throw new Error("no worker took the lock");
}

async function until(what: string, holds: () => boolean): Promise<void> {
    for (let tries = 0; tries < 1500; tries++) {
        if (holds()) return;
        await pause(10);
    }
    throw new Error(`${what} did not happen`);
}

function killIfAlive(pid: number): void {
    try {
        process.kill(pid, "SIGKILL");
    } catch {
        // It has ended by itself: then there is nothing to cut off.
    }
}

const phase = (host: FakeHost): string => {
    try {
        return (
            JSON.parse(readFileSync(join(host.state, "pending"), "utf8")) as {
                phase: string;
            }
        ).phase;
    } catch {
        return "";
    }
};

describe("apply cut off", () => {
    it("goes on without its connection, and leaves its outcome on the host", () =>
        withHost(async (host) => {
            host.world({ restartSeconds: 0.3 });
            host.service("restart");
            const child = host.start({ skipChecks: SKIP_CEPH });
            const run = finished(child);
            await until("the restart", () => phase(host) === "restarting");
            child.kill("SIGKILL");
            await run;
            await until("the end", () => existsSync(join(host.state, "result.json")));
            const kept = JSON.parse(readFileSync(join(host.state, "result.json"), "utf8")) as {
                outcome: string;
            };
            assert.equal(kept.outcome, "restarted");
            assert.equal(existsSync(join(host.state, "pending")), false);
        })).timeout(20_000);

    it("rolls back without its connection, too", () =>
        withHost(async (host) => {
            host.world({ mutesOn: "replication_device", restartSeconds: 0.2 });
            host.service("restart");
            const child = host.start({ skipChecks: SKIP_CEPH });
            const run = finished(child);
            await until("the restart", () => phase(host) === "restarting");
            child.kill("SIGHUP");
            await run;
            await until("the end", () => existsSync(join(host.state, "result.json")));
            assert.equal(host.read(), CONF);
            assert.match(
                readFileSync(join(host.state, "result.json"), "utf8"),
                /"outcome": "rolled-back"/,
            );
        })).timeout(20_000);

    it("does the restart that a killed run left undone", () =>
        withHost(async (host) => {
            host.world({ restartSeconds: 5 });
            const child = host.start({ skipChecks: SKIP_CEPH });
            const run = finished(child);
            await until("the restart", () => phase(host) === "restarting");
            process.kill(await workerOf(host), "SIGKILL");
            assert.equal((await run).code, 1);
            assert.match(
                (await run).stderr,
                /the worker on the host ended without a result; run again/,
            );
            host.world({});
            const before = host.restarts();
            const next = host.apply({ skipChecks: SKIP_CEPH });
            assert.equal(next.result.outcome, "restarted", next.stderr);
            assert.equal(host.restarts(), before + 1);
            assert.equal(host.apply({ skipChecks: SKIP_CEPH }).result.outcome, "unchanged");
            host.apply({}, "remove");
            assert.equal(host.read(), CONF);
        })).timeout(20_000);

    it("proves a restart that a killed run did not prove, or rolls back", () =>
        withHost(async (host) => {
            host.world({ mutesOn: "replication_device" });
            host.service("restart");
            const child = host.start({
                skipChecks: SKIP_CEPH,
                timeouts: { healthSeconds: 20 },
            });
            const run = finished(child);
            await until("the proof", () => phase(host) === "restarted");
            process.kill(await workerOf(host), "SIGKILL");
            await run;
            const before = host.restarts();
            const next = host.apply({ skipChecks: SKIP_CEPH });
            assert.equal(next.code, 4, next.stderr);
            assert.equal(host.read(), CONF);
            assert.equal(host.restarts(), before + 1, next.stderr);
        })).timeout(20_000);

    it("leaves the old or the new file whole, and converges, wherever it is killed", () =>
        withHost(async (host) => {
            const skipChecks = ["validate", "target", "guard", "health"];
            host.service("restart");
            const wanted = (user: string) => ({
                skipChecks,
                backends: [{ ...CEPH, options: { ...CEPH.options, rbd_user: user } }],
            });
            host.apply(wanted("u0"));
            for (let round = 1; round <= 20; round++) {
                const old = host.read();
                const next = old.replace(
                    `rbd_user = u${String(round - 1)}`,
                    `rbd_user = u${String(round)}`,
                );
                writeFileSync(join(host.state, "lock"), "");
                const run = finished(host.start(wanted(`u${String(round)}`)));
                const worker = await workerOf(host);
                await pause(round * 7);
                killIfAlive(worker);
                await run;
                assert.ok([old, next].includes(host.read()), `round ${String(round)}`);
                const again = host.apply(wanted(`u${String(round)}`));
                assert.equal(again.code, 0, again.stderr);
                assert.equal(host.read(), next);
                assert.notEqual(host.service("status"), "0");
            }
            const left = readdirSync(join(host.root, "etc")).concat(readdirSync(host.state));
            assert.deepEqual(
                left.filter((name) => name.includes(".cinder-dr-")),
                [],
            );
            assert.equal(host.apply(wanted("u20"), "remove").result.outcome, "removed");
            assert.equal(host.read(), CONF);
        })).timeout(60_000);

    it("lets the second of two at once wait, and go clean when it waits too long", () =>
        withHost(async (host) => {
            host.world({ restartSeconds: 0.5 });
            const first = finished(host.start());
            await workerOf(host);
            const impatient = host.apply({ timeouts: { lockSeconds: 0.1 } });
            assert.equal(impatient.code, 3);
            assert.match(
                impatient.stderr,
                /lock: another run holds the lock \(pid \d+ since \S+Z\); wait until it has ended/,
            );
            const second = host.apply({ timeouts: { lockSeconds: 10 } });
            assert.equal((await first).result.outcome, "restarted");
            assert.equal(second.result.outcome, "unchanged", second.stderr);
            assert.equal(host.restarts(), 1);
        })).timeout(20_000);

    it("says that the host goes on when it takes too long", () =>
        withHost(async (host) => {
            host.world({ restartSeconds: 1 });
            const run = host.apply({ timeouts: { applySeconds: 0.4 } });
            assert.equal(run.code, 1);
            assert.match(
                run.stderr,
                /wait: not finished within 0\.4 s; the host goes on by itself/,
            );
            await until("the end", () => existsSync(join(host.state, "result.json")));
        })).timeout(20_000);
});
