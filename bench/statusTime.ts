import type { Fleet } from "../test/lab/fleet";
import { clock } from "./fleetMoves";

/** `cinder-dr status` beside what it must ask for: both pools' own status, and Cinder's lists. */
export async function status(fleet: Fleet, count: number): Promise<void> {
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
