/**
 * A planned failover by `cinder-dr failover --planned`, until its hosts take requests again, beside bare Cinder:
 * `failover-host` for every host until each volume's row says so, which proves nothing. In one run, in turn, for each
 * number of volumes; and `cinder-dr status` beside the answers that it needs. Needs the lab with its stack up (`npm start`); makes and deletes its own volumes.
 * `npm run bench:moves -- [N ...]`
 */
import { spawn } from "node:child_process";

import { waitFor } from "../operations/wait";
import { Fleet } from "../test/lab/fleet";
import { expectCode, labEnvironment, labTopology } from "../test/lab/support";

const COUNTS = process.argv.slice(2).map(Number);
const LIMIT_SECONDS = 1200;

const fleet = new Fleet(labTopology(), "bench");
const say = (line: string) => process.stderr.write(`${line}\n`);
const bounded = (what: string) => ({
    what,
    seconds: LIMIT_SECONDS,
    signal: AbortSignal.timeout(2 * LIMIT_SECONDS * 1000),
});

/** Seconds from the command's start to a line of its output that matches, and to its end. */
async function secondsTo(line: RegExp, ...words: string[]): Promise<{ line: number; end: number }> {
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
    return { line: seen, end: since() };
}

async function bare(): Promise<number> {
    const hosts = ["cinder-a@ceph", "cinder-b@ceph"];
    const start = performance.now();
    for (const host of hosts) await fleet.cinder.failoverHost(host, "secondary");
    await waitFor(async () => {
        const rows = (await fleet.cinder.services()).filter(({ host }) => hosts.includes(host));
        if (rows.some((row) => row.replication_status !== "failed-over")) return undefined;
        const volumes = (await fleet.cinder.allVolumes()).filter(({ id }) =>
            fleet.ids.includes(id),
        );
        return volumes.every((v) => v.replication_status === "failed-over") ? true : undefined;
    }, bounded("bare Cinder's failover"));
    return (performance.now() - start) / 1000;
}

/** Bare Cinder leaves its hosts disabled and frozen; our failback thaws them. */
async function back(): Promise<void> {
    const ready = async () => {
        const { stdout } = await fleet.dr("preflight", "failback", "--json");
        return (JSON.parse(stdout) as { ok?: boolean }).ok === true ? true : undefined;
    };
    await waitFor(ready, bounded("the failback to be ready"));
    const consents = await fleet.consents("failback");
    expectCode(await fleet.dr("failback", "--compare-bytes", "4194304", ...consents), 0);
    await waitFor(async () => {
        const { stdout } = await fleet.dr("preflight", "planned", "--json");
        const { plan } = JSON.parse(stdout) as { plan: { blockers: { consent?: string }[] } };
        return plan.blockers.every(({ consent }) => consent !== undefined) ? true : undefined;
    }, bounded("the next failover to be ready"));
}

const clock = async (work: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await work();
    return (performance.now() - start) / 1000;
};

/** `cinder-dr status` beside what it must ask for: both pools' own status, and Cinder's lists. */
async function status(count: number): Promise<void> {
    const { primary, secondary } = fleet.parts.sites;
    const words = ["mirror", "pool", "status", "volumes", "--verbose", "--format", "json"];
    const theirs = await clock(() =>
        Promise.all([
            primary.rbd(words),
            secondary.rbd(words),
            fleet.cinder.services(),
            fleet.cinder.allVolumes(),
        ]),
    );
    const ours = await clock(async () => {
        const { code, output } = await fleet.dr("status", "--json");
        if (code !== 0 && code !== 3) throw new Error(output);
    });
    console.log(
        `${String(count).padStart(4)} volumes: cinder-dr status ${ours.toFixed(1)} s; the clusters' and Cinder's own answers ${theirs.toFixed(1)} s`,
    );
}

async function measure(count: number): Promise<void> {
    say(`${String(count)} volumes: making them`);
    await fleet.make(count - fleet.ids.length);
    await status(count);
    const consents = await fleet.consents("planned");
    say(`${String(count)} volumes: cinder-dr failover --planned`);
    const ours = await secondsTo(/^ok +thaw: /m, "failover", "--planned", ...consents);
    await back();
    say(`${String(count)} volumes: failover-host`);
    const theirs = await bare();
    await back();
    const bar = 5 + theirs * 1.1;
    console.log(
        `${String(count).padStart(4)} volumes: cinder-dr ${ours.line.toFixed(1)} s to the thaw, ${ours.end.toFixed(1)} s with the way back proven; bare Cinder ${theirs.toFixed(1)} s; ${(ours.line / theirs).toFixed(2)} x; ${ours.line <= bar ? "within" : "over"} 5 s + 10 %`,
    );
}

async function main(): Promise<void> {
    try {
        for (const count of COUNTS.length > 0 ? COUNTS : [10, 60, 200]) await measure(count);
    } finally {
        await fleet.close();
    }
}

void main();
