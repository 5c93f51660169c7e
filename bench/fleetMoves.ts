import { spawn } from "node:child_process";

import { rowsOf } from "../core/service";
import { waitFor } from "../operations/wait";
import type { Fleet } from "../test/lab/fleet";
import { expectCode, labEnvironment } from "../test/lab/support";

const LIMIT_SECONDS = 1200;

export const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
};

export const bounded = (what: string) => ({
    what,
    seconds: LIMIT_SECONDS,
    signal: AbortSignal.timeout(2 * LIMIT_SECONDS * 1000),
});

/** The seconds that work takes. */
export const clock = async (work: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await work();
    return (performance.now() - start) / 1000;
};

export interface Timed {
    /** To the line that was waited for. */
    line: number;
    end: number;
    text: string;
}

/** Seconds from the start of `cinder-dr WORDS` to a line of its output that matches, and to its end. */
export async function secondsTo(fleet: Fleet, line: RegExp, ...words: string[]): Promise<Timed> {
    const start = performance.now();
    const since = () => (performance.now() - start) / 1000;
    const env = { ...labEnvironment(), CINDER_DR_JOURNALS: fleet.journals };
    const child = spawn("node", fleet.args(...words), { env });
    let text = "";
    let seen: number | undefined;
    const hear = (data: Buffer) => {
        text += data.toString("utf8");
        if (line.test(text)) seen ??= since();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (code !== 0 || seen === undefined)
        throw new Error(`${words.join(" ")}: exit code ${String(code)}\n${text}`);
    return { line: seen, end: since(), text };
}

/** `failover-host` for every host, as an operator without this project would, until each volume's row says so. */
export async function bareFailover(fleet: Fleet): Promise<number> {
    return clock(async () => {
        const services = async () =>
            rowsOf(await fleet.cinder.services(), { section: "ceph", otherHosts: [] });
        for (const { host } of await services()) await fleet.cinder.failoverHost(host, "secondary");
        await waitFor(async () => {
            const rows = await services();
            if (rows.some((row) => row.replication_status !== "failed-over")) return undefined;
            const volumes = (await fleet.cinder.allVolumes()).filter(({ id }) =>
                fleet.ids.includes(id),
            );
            return volumes.every((v) => v.replication_status === "failed-over") ? true : undefined;
        }, bounded("bare Cinder's failover"));
    });
}

/** Goes back, also from where bare Cinder left it disabled and frozen, and waits until it may fail over again. */
export async function back(fleet: Fleet): Promise<void> {
    const isOpen = async () => {
        const { stdout } = await fleet.dr("preflight", "planned", "--json");
        const { plan } = JSON.parse(stdout) as { plan?: { blockers: { consent?: string }[] } };
        return plan?.blockers.every(({ consent }) => consent !== undefined) === true
            ? true
            : undefined;
    };
    const consents = await fleet.consents("failback");
    expectCode(await fleet.dr("failback", "--compare-bytes", "4194304", ...consents), 0);
    await waitFor(isOpen, bounded("the next failover to be ready"));
}
