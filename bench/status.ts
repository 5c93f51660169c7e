/**
 * `cinder-dr status` beside the answers that it needs, for each number of volumes. Needs the lab with its stack up
 * (`npm start`); makes and deletes its own volumes. `npm run bench:status -- [N ...]`
 */
import { Fleet } from "../test/lab/fleet";
import { labTopology } from "../test/lab/support";
import { editHosts } from "./editHosts";
import { say } from "./fleetMoves";
import { status } from "./statusTime";

const COUNTS = process.argv.slice(2).map(Number);
const ROUNDS = 3;
/** The scheduler counts a thin volume whole, and the lab's OSD is small. */
const RATIO = "max_over_subscription_ratio = 10000";

const fleet = new Fleet(labTopology(), "bench");

async function main(): Promise<void> {
    try {
        await editHosts(
            fleet.cinder,
            `/^\\[ceph\\]/a ${RATIO}`,
            /^max_over_subscription_ratio = 10000$/m,
        );
        for (const count of COUNTS.length > 0 ? COUNTS : [200, 1000]) {
            say(`${String(count)} volumes: making them`);
            await fleet.make(count - fleet.ids.length);
            for (let round = 0; round < ROUNDS; round++) await status(fleet, count);
        }
    } finally {
        await fleet.remove();
        await editHosts(fleet.cinder, `/^${RATIO}$/d`, /^\[ceph\]/m);
        await fleet.close();
    }
}

void main();
