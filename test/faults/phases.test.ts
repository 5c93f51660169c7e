import { strict as assert } from "node:assert";

import type { World } from "../host/fakeHost";
import { expectCode, type Mutable, type Run } from "../lab/support";
import { Engine } from "./engine";
import { CONFIG, LightHost, lightTopology, type Snapshot } from "./lightHost";
import { row, type Seen } from "./matrix";
import { another, NOTHING, saysTimeout, showsNoSecret, UNTOUCHED, words } from "./trial";

const FOLDER = CONFIG.replace(/\/cinder\.conf$/, "");

const HOLD_SECONDS = 200;

/** Moments of a push: before its first step, after each, and in the middle of a rollback. */
const BEFORE_STAGE = ["lock", "read", "render"];
const STAGED = ["stage", "validate", "target", "guard"];
const REFUSABLE = [...BEFORE_STAGE, ...STAGED];
const COMMITTED = ["commit", "restart", "health"];
const PHASES = ["start", ...REFUSABLE, ...COMMITTED, "rolling back"];

const CHANGED = words("changed", "new process");
const ROLLED_BACK = words("byte-equal", "new process");

/** What one host must show for a fault after one step. */
interface Expected {
    /** What the user reads about this host, behind its name; undefined where its push succeeds. */
    says: RegExp | undefined;
    after: string;
    /** Outcome of the next run. */
    next: string;
    /** A temporary file that the next run takes away. */
    leaves?: boolean;
}

interface Fault {
    phases: readonly string[];
    /** Before the push. */
    prepare?: (host: LightHost) => Promise<unknown>;
    /** While the push stands still. */
    strike: (host: LightHost) => Promise<unknown>;
    /** When `up` has ended. */
    repair?: (host: LightHost) => Promise<unknown>;
    expected: (phase: string) => Expected;
    applySeconds?: number;
    /** What the user reads once, of whichever host it is. */
    once?: RegExp;
}

const LOST =
    /connection: it was lost during the push; the host finishes or rolls back by itself, run `pulumi up` again/;

/**
 * The host goes on by itself, wherever it loses sight of Pulumi. Before the first step too: by then sshd has passed
 * on the whole script, which is less than a pipe holds.
 */
const goesOn = (phase: string, says: RegExp): Expected =>
    phase === "rolling back"
        ? { says, after: ROLLED_BACK, next: "restarted" }
        : { says, after: CHANGED, next: "unchanged" };

const cut: Fault = {
    phases: PHASES,
    strike: (host) => host.cutPush(),
    expected: (phase) => goesOn(phase, LOST),
};

const frozen: Fault = {
    phases: PHASES,
    strike: (host) => host.freezePush(),
    repair: (host) => host.killFrozen(),
    // The first host that is given up ends the run, and with it the word about the others.
    expected: (phase) => goesOn(phase, /|/),
    applySeconds: 30,
    once: /cinder-dr: load-\d+: connection: no answer 45 s after its limit of 30 s: this run is ended/,
};

/** All that a push runs on the host is gone at once. */
const dead: Fault = {
    phases: PHASES.slice(1),
    strike: async (host) => {
        await host.cutPush();
        await host.killWorker();
    },
    expected: (phase) => {
        if (REFUSABLE.includes(phase))
            return {
                says: LOST,
                after: UNTOUCHED,
                next: "restarted",
                leaves: STAGED.includes(phase),
            };
        if (phase === "commit")
            return { says: LOST, after: words("changed", "same process"), next: "restarted" };
        return { says: LOST, after: CHANGED, next: "unchanged" };
    },
};

/** A file system that takes no more writes: what was committed stays, and its proof is left to the next run. */
const noWrites = (why: string, phase: string, put: Expected): Expected => {
    if (BEFORE_STAGE.includes(phase))
        return {
            says: new RegExp(
                `(?:stage|commit): \\S+: ${why}; nothing was changed; correct it and run again`,
            ),
            after: UNTOUCHED,
            next: "restarted",
        };
    if (STAGED.includes(phase))
        return {
            says: new RegExp(`commit: \\S+: ${why}; nothing was changed; correct it and run again`),
            after: UNTOUCHED,
            next: "restarted",
        };
    if (phase === "rolling back") return put;
    return {
        says: new RegExp(`done: \\S+: ${why}; run again: the next run goes on from here`),
        after: CHANGED,
        next: phase === "commit" ? "restarted" : "unchanged",
    };
};

/** A rollback that cannot write: both files are named, and the next run goes on from there. */
const stuck = (why: string, next: string): Expected => ({
    says: new RegExp(
        `health: [^\\n]*; and the last known good file cannot be put back: \\S+: ${why}; ` +
            "the refused file is live: make \\S+ writable and run again, or copy \\S+last-known-good over it and restart the service",
    ),
    after: CHANGED,
    next,
});

const full: Fault = {
    phases: PHASES.slice(1),
    prepare: (host) =>
        host.sh(
            `cp -a ${FOLDER} ${FOLDER}.kept && mount -t tmpfs -o size=256k,mode=750 tmpfs ${FOLDER} && chgrp cinder ${FOLDER} && cp -a ${FOLDER}.kept/. ${FOLDER}/ && rm -rf ${FOLDER}.kept`,
        ),
    strike: (host) => host.sh(`head -c 300000 /dev/zero > ${FOLDER}/filler 2>/dev/null || true`),
    // Back to the disk below.
    repair: (host) =>
        host.sh(
            `rm -f ${FOLDER}/filler; mkdir ${FOLDER}.kept && cp -a ${FOLDER}/. ${FOLDER}.kept/ && umount -l ${FOLDER} && cp -a ${FOLDER}.kept/. ${FOLDER}/ && rm -rf ${FOLDER}.kept`,
        ),
    expected: (phase) =>
        noWrites("No space left on device", phase, {
            says: /health: [^\n]*; rolled back; the host runs as before/,
            after: ROLLED_BACK,
            next: "restarted",
        }),
};

const readOnly: Fault = {
    phases: PHASES.slice(1),
    // A mount of its own: the push's lock is open for writing on the one below, which would be busy.
    strike: (host) =>
        host.sh(`mount --bind ${FOLDER} ${FOLDER} && mount -o remount,bind,ro ${FOLDER}`),
    repair: (host) => host.sh(`umount -l ${FOLDER}`),
    expected: (phase) => ({
        // Not even that the rollback began could be written down.
        ...noWrites("Read-only file system", phase, stuck("Read-only file system", "unchanged")),
        leaves: STAGED.includes(phase),
    }),
};

const immutable: Fault = {
    phases: PHASES.slice(1),
    strike: (host) => host.sh(`chattr +i ${CONFIG}`),
    repair: (host) => host.sh(`chattr -i ${CONFIG}`),
    expected: (phase) => {
        if (REFUSABLE.includes(phase))
            return {
                says: /commit: \S+: Operation not permitted; nothing was changed; correct it and run again/,
                after: UNTOUCHED,
                next: "restarted",
            };
        if (phase === "rolling back") return stuck("Operation not permitted", "restarted");
        return { says: undefined, after: CHANGED, next: NOTHING };
    },
};

/** One host a step, all in one run: each is struck where it stands, and the next run brings all of them on. */
describe("faults after each step of a push", () => {
    const hosts = PHASES.map((_, i) => new LightHost(`load-${String(i + 1).padStart(2, "0")}`));
    const names = hosts.map((host) => host.name);
    let engine: Engine;

    const topologyOf = (timeout: number, applySeconds = 300): Mutable => {
        const topology = lightTopology(names, timeout);
        topology.rollout = { canary: 0, batch: "all" };
        topology.timeouts.applySeconds = applySeconds;
        // All hosts prove themselves at the same time, on one machine.
        topology.timeouts.healthSeconds = 8;
        return topology;
    };
    const up = (topology: Mutable): Promise<Run> =>
        engine.up(topology, "--parallel", String(hosts.length));
    const each = <T>(
        use: (host: LightHost, phase: string, i: number) => Promise<T>,
    ): Promise<T[]> => Promise.all(hosts.map((host, i) => use(host, PHASES[i] ?? "", i)));

    before(async () => {
        engine = new Engine("faults-phases");
        await each((host) => host.install());
        expectCode(await up(topologyOf(another())), 0);
    });
    after(() => {
        for (const host of hosts) host.close();
        engine.close();
    });

    /** How a host stands; a temporary file only where one may be left. */
    const standing = async (
        host: LightHost,
        before: Snapshot,
        leaves: boolean,
    ): Promise<string> => {
        const now = await host.snapshot();
        assert.equal((await host.leftovers()) !== "", leaves, `${host.name}: temporary files`);
        return words(
            now.file === before.file ? "byte-equal" : "changed",
            now.pid === "0"
                ? "service down"
                : now.pid === before.pid
                  ? "same process"
                  : "new process",
        );
    };

    /** Strikes every host after its step; answers what the user saw. */
    const struck = async (fault: Fault, timeout: number): Promise<Run> => {
        /** Only a service that does not come up leads to a rollback. */
        const badIn = (phase: string): World =>
            phase === "rolling back"
                ? { mutesOn: `rados_connect_timeout = ${String(timeout)}` }
                : {};
        await each(async (host, phase) => {
            if (!fault.phases.includes(phase)) return;
            await fault.prepare?.(host);
            await host.world({ ...badIn(phase), holdsAfter: phase, holdSeconds: HOLD_SECONDS });
        });
        const running = up(topologyOf(timeout, fault.applySeconds));
        // All stand still before the first is struck: after a failure Pulumi begins no other host.
        await each(async (host, phase) => {
            if (fault.phases.includes(phase))
                await host.until(`the step ${phase}`, host.held, HOLD_SECONDS);
        });
        await each(async (host, phase) => {
            if (!fault.phases.includes(phase)) return;
            await fault.strike(host);
            await host.world(badIn(phase));
        });
        return running;
    };

    const tryFault = async (fault: Fault): Promise<Seen> => {
        const timeout = another();
        const before = await each((host) => host.snapshot());
        const start = Date.now();
        const { code, output } = await struck(fault, timeout);
        const seconds = (Date.now() - start) / 1000;
        assert.notEqual(code, 0, output);
        if (fault.once) assert.match(output, fault.once);
        showsNoSecret(output);
        assert.ok(seconds < (fault.applySeconds ?? 0) + 90, `took ${seconds.toFixed(0)} s`);
        await each(async (host, phase) => {
            await host.until("its end", async () => (await host.worker()) === "");
            if (fault.phases.includes(phase)) await fault.repair?.(host);
            await host.world({});
        });
        const after = await each(async (host, phase, i) => {
            if (!fault.phases.includes(phase)) return "";
            const { says, after, leaves = false } = fault.expected(phase);
            const said = new RegExp(`cinder-dr: ${host.name}: ([^\\n]*)`).exec(output)?.[1];
            if (says === undefined) assert.equal(said, undefined, `after ${phase}`);
            else assert.match(said ?? "", says, `after ${phase}: ${said ?? output}`);
            const stands = await standing(host, before[i] ?? { file: "", pid: "" }, leaves);
            assert.equal(stands, after, `after ${phase}`);
            return stands;
        });
        await engine.cancel();
        const next = await converge(fault, timeout);
        return {
            saw: /cinder-dr: load-\d+: [^\n]+/.exec(output)?.[0] ?? "",
            after: summary(after),
            next: summary(next),
        };
    };

    /** The next run, with nothing in its way. */
    const converge = async (fault: Fault, timeout: number): Promise<string[]> => {
        const last = await each((host) => host.runTime());
        expectCode(await up(topologyOf(timeout)), 0);
        return each(async (host, phase, i) => {
            assert.ok(saysTimeout(timeout, await host.config()), host.name);
            assert.notEqual(await host.pid(), "0", host.name);
            assert.equal(await host.leftovers(), "", host.name);
            assert.equal(await host.phase(), "", host.name);
            if (!fault.phases.includes(phase)) return "";
            const pushed = (await host.runTime()) !== last[i];
            const outcome = pushed ? ((await host.result()).outcome ?? "") : NOTHING;
            assert.equal(outcome, fault.expected(phase).next, `after ${phase}`);
            return outcome;
        });
    };

    /** Neighbouring steps with the same answer as one. */
    const summary = (answers: string[]): string =>
        answers
            .flatMap((answer, i) => {
                if (answer === "" || answer === answers[i - 1]) return [];
                const rest = answers.slice(i);
                const end = rest.findIndex((other) => other !== answer);
                const last = PHASES[i + (end < 0 ? rest.length : end) - 1] ?? "";
                const first = PHASES[i] ?? "";
                return [`${first === last ? first : `${first} to ${last}`}: ${answer}`];
            })
            .join("; ");

    row(4, "the connection is cut after each step, and while it rolls back", () => tryFault(cut));
    row(5, "the session freezes after each step (SIGSTOP)", () => tryFault(frozen));
    row(2, "the host dies after each step", () => tryFault(dead));
    row(14, "the disk is full after each step", () => tryFault(full));
    row(15, "/etc becomes read-only after each step", () => tryFault(readOnly));
    row(15, "cinder.conf becomes immutable after each step", () => tryFault(immutable));
});
