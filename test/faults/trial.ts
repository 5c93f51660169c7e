import { strict as assert } from "node:assert";

import type { Mutable, Run } from "../lab/support";
import { sentence, type Engine } from "./engine";
import { lightTopology, type LightHost } from "./lightHost";
import type { Seen } from "./matrix";

let change = 5;
/** A value of rados_connect_timeout that no earlier push had: each `up` with it has something to change. */
export const another = (): number => ++change;

export const saysTimeout = (value: number, text: string): boolean =>
    new RegExp(`^rados_connect_timeout = ${String(value)}$`, "m").test(text);

/** No private key, no password of the stand-ins, no device value in what a user sees. */
export function showsNoSecret(output: string): void {
    assert.doesNotMatch(output, /PRIVATE KEY-----|hunter2|AQ[A-Za-z0-9+/]{38}==/);
    assert.doesNotMatch(output, /backend_id:secondary,conf/);
}

export const words = (changed: string, process: string): string => `file ${changed}, ${process}`;
export const UNTOUCHED = words("byte-equal", "same process");

/** What a host shows beside what it showed before: the words of the matrix. */
export async function state(
    host: LightHost,
    before: { file: string; pid: string },
): Promise<string> {
    const now = await host.snapshot();
    const file = now.file === before.file ? "byte-equal" : "changed";
    const process =
        now.pid === "0" ? "service down" : now.pid === before.pid ? "same process" : "new process";
    assert.equal(await host.leftovers(), "", "temporary files were left");
    return words(file, process);
}

export interface Trial {
    /** What goes wrong, before `up`; `timeout` is the value that `up` will write. */
    spoil?: (timeout: number) => Promise<unknown>;
    /** What is wrong in the topology. */
    misspell?: (topology: Mutable) => void;
    repair?: () => Promise<unknown>;
    says: RegExp;
    /** {@link UNTOUCHED} unless told otherwise */
    after?: string;
    /** Outcome of the next run. Defaults to restarted. */
    next?: string;
    /** The last run ends within so many seconds. Defaults to 90. */
    within?: number;
}

/** One host, one change, one fault; then the repair and the next run, which must converge. */
export async function tryFault(
    engine: Engine,
    host: LightHost,
    { spoil, misspell, repair, says, after = UNTOUCHED, next = "restarted", within = 90 }: Trial,
): Promise<Seen> {
    const timeout = another();
    const topology = lightTopology([host.name], timeout);
    misspell?.(topology);
    const before = await host.snapshot();
    await spoil?.(timeout);
    const start = Date.now();
    let failed: Run;
    try {
        failed = await engine.up(topology);
        const seconds = (Date.now() - start) / 1000;
        assert.notEqual(failed.code, 0, failed.output);
        assert.match(failed.output, says);
        showsNoSecret(failed.output);
        assert.ok(seconds < within, `took ${seconds.toFixed(0)} s`);
    } finally {
        await repair?.();
    }
    const seen = await state(host, before);
    assert.equal(seen, after);
    const again = await converges(engine, host, timeout, next);
    return { saw: sentence(failed.output), after: seen, next: again };
}

/** No push: the engine had nothing to change. */
export const NOTHING = "nothing to push";

/** The next `up` brings the host to what is asked for, with this outcome. */
export async function converges(
    engine: Engine,
    host: LightHost,
    timeout: number,
    outcome = "restarted",
): Promise<string> {
    const topology = lightTopology([host.name], timeout);
    const last = await host.runTime();
    const { code, output } = await engine.up(topology);
    assert.equal(code, 0, output);
    assert.ok(saysTimeout(timeout, await host.config()), await host.config());
    assert.notEqual(await host.pid(), "0");
    const pushed = (await host.runTime()) !== last;
    assert.equal(pushed ? (await host.result()).outcome : NOTHING, outcome);
    assert.equal(await host.leftovers(), "");
    return `up: ${outcome}`;
}
