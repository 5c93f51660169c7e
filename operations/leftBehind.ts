import type { Pair } from "../core/replica";
import { activeSide, serviceOf } from "../core/service";
import { isWork, type Survey } from "../core/survey";
import { phase, type Run } from "./run";
import { isSteady, savedStatuses, type SavedStatuses } from "./savedStatuses";
import { writerOf } from "./rowSeats";
import { saveOnce, writeNoted } from "./savedRows";
import { promote } from "./serviceRows";
import { takeSurvey } from "./takeSurvey";

/** Volumes of hosts that have moved, whose images Cinder could not promote: it sets them to error and tries no more. */
function leftBehind({ backend, rows, pairs }: Survey, wanted: readonly string[]): Pair[] {
    const moved = new Set(
        rows.filter((row) => activeSide(row, backend) === "secondary").map(({ host }) => host),
    );
    return pairs.filter(
        ({ volume, secondary }) =>
            wanted.includes(volume.id) &&
            moved.has(serviceOf(volume.host)) &&
            secondary !== undefined &&
            volume.replicationStatus === "failover-error",
    );
}

/**
 * The status of a volume before a failover set it to error: as this operation found it, or an earlier one whose failover
 * was not ended saved it; else what fits its attachments. One whose image cinder-volume worked on stays in error: nobody
 * knows what it holds.
 */
export function statusBefore({ volume }: Pair, saved: SavedStatuses): string {
    const before = saved.volumes[volume.id] ?? "error";
    if (isSteady(before)) return before;
    if (isWork(before)) return "error";
    return volume.servers.length > 0 ? "in-use" : "available";
}

/** Gives the rows of promoted volumes what a failover would have, and the status of before it. @returns rows written */
async function writeRows(run: Run, survey: Survey, promoted: readonly Pair[]): Promise<number> {
    const saved = savedStatuses(run.journal.begun);
    let count = 0;
    for (const service of new Set(promoted.map(({ volume }) => serviceOf(volume.host)))) {
        const host = writerOf(run, survey, service);
        await saveOnce(run, host, service);
        const own = promoted.filter(({ volume }) => serviceOf(volume.host) === service);
        const volumes = Object.fromEntries(
            own.map((pair) => [
                pair.volume.id,
                { status: statusBefore(pair, saved), replication_status: "failed-over" },
            ]),
        );
        const rows = { service: {}, cluster: null, volumes, snapshots: {} };
        count += await writeNoted(run, host, service, rows);
    }
    return count;
}

/**
 * Promotes by force the images that a failover by Cinder has left behind, and writes their volumes' rows; a step of an
 * operation where there are any. The target's rbd-mirror must be stopped.
 * @param survey of the operation's begin, which knows what each host runs
 */
export async function promoteLeft(
    run: Run,
    survey: Survey,
    wanted: readonly string[],
): Promise<void> {
    const now = await takeSurvey(run.parts, run.backend, { sides: ["secondary"] });
    const left = leftBehind(now, wanted);
    if (left.length === 0) return;
    const work = async () => {
        const asleep = left.filter((pair) => pair.secondary?.primary !== true);
        const awake = await promote(
            run,
            asleep.map(({ volume }) => volume.image),
        );
        const promoted = left.filter(
            (pair) => !asleep.includes(pair) || awake.has(pair.volume.image),
        );
        return { count: await writeRows(run, survey, promoted) };
    };
    await phase(
        run,
        "promote",
        work,
        ({ count }) =>
            `${String(count)} of ${String(left.length)} volumes that Cinder had left behind in error are promoted`,
    );
}
