/**
 * A planned failover by `cinder-dr failover --planned`, until its hosts take requests again, beside bare Cinder:
 * `failover-host` for every host until each volume's row says so, which proves nothing. In one run, in turn, for each
 * number of volumes; and `cinder-dr status` as in bench/status.ts. Needs the lab with its stack up (`npm start`); makes and deletes its own volumes.
 * `npm run bench:moves -- [N ...]`
 */
import { Fleet } from "../test/lab/fleet";
import { labTopology } from "../test/lab/support";
import { back, bareFailover, say, secondsTo } from "./fleetMoves";
import { status } from "./statusTime";

const COUNTS = process.argv.slice(2).map(Number);

const fleet = new Fleet(labTopology(), "bench");

async function measure(count: number): Promise<void> {
    say(`${String(count)} volumes: making them`);
    await fleet.make(count - fleet.ids.length);
    await status(fleet, count);
    const consents = await fleet.consents("planned");
    say(`${String(count)} volumes: cinder-dr failover --planned`);
    const ours = await secondsTo(fleet, /^ok +thaw: /m, "failover", "--planned", ...consents);
    await back(fleet);
    say(`${String(count)} volumes: failover-host`);
    const theirs = await bareFailover(fleet);
    await back(fleet);
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
