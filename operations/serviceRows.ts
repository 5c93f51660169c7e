import { isReplicated } from "../core/replica";
import { serviceOf } from "../core/service";
import type { Survey } from "../core/survey";
import type { SavedRows } from "./cinderHost";
import type { Seat } from "./rowSeats";
import { stopAgain, stopSeat, toAll } from "./rowServices";
import { type Run } from "./run";
import { savedRows, writeNoted } from "./savedRows";

const PROMOTE_SECONDS = 1800;

/** The rows that Cinder itself would have left after a failover in which these images were promoted. */
function movedRows(
    saved: SavedRows,
    survey: Survey,
    service: string,
    promoted: ReadonlySet<string>,
    backendId: string,
): SavedRows {
    const state = {
        replication_status: "failed-over",
        active_backend_id: backendId,
        disabled: true,
        disabled_reason: "failed-over",
    };
    const rows: SavedRows = {
        service: state,
        cluster: saved.cluster === null ? null : state,
        volumes: {},
        snapshots: {},
    };
    for (const { volume } of survey.pairs) {
        const before = saved.volumes[volume.id];
        if (serviceOf(volume.host) !== service || before === undefined) continue;
        if (isReplicated(volume) && promoted.has(volume.image)) {
            rows.volumes[volume.id] = { replication_status: "failed-over" };
            continue;
        }
        const status = isReplicated(volume) ? "failover-error" : "not-capable";
        rows.volumes[volume.id] = {
            status: "error",
            previous_status: before.status === "error" ? before.previous_status : before.status,
            replication_status: status,
        };
        for (const { id, volumeId } of survey.snapshots)
            if (volumeId === volume.id) rows.snapshots[id] = { status: "error" };
    }
    return rows;
}

/** Promotes images by force. @returns those that are primary now */
export async function promote(run: Run, images: string[]): Promise<Set<string>> {
    if (images.length === 0) return new Set();
    const refused = await run.parts.sites.secondary.refusedImages(
        run.backend.pool,
        { do: "promote", images, force: true },
        PROMOTE_SECONDS,
    );
    for (const { image, error } of refused)
        run.found({
            state: "problem",
            subject: image,
            fact: `cannot be promoted: ${error}`,
            next: `promote it by hand on ${run.parts.names.secondary}`,
        });
    const left = new Set(refused.map(({ image }) => image));
    return new Set(images.filter((image) => !left.has(image)));
}

/**
 * The failover that Cinder refuses when its service hangs or is down: promotes the images, and writes through the host's
 * own Cinder objects the rows that Cinder would have left. Every row is saved first. The services stay stopped.
 */
export async function moveByRows(run: Run, survey: Survey, seats: readonly Seat[]): Promise<void> {
    const { backendId } = run.backend.replicationDevice;
    const again = `cinder-dr resume ${run.journal.id}`;
    // All are stopped before one row is written: a service that wakes up meanwhile would act on half of them.
    await toAll(seats, "not stopped everywhere", again, (seat) => stopSeat(run, seat));
    await toAll(seats, "not stopped any more", again, (seat) => stopAgain(run, seat));
    const services = new Set(seats.map(({ row }) => row.host));
    const images = survey.pairs
        .filter((pair) => isReplicated(pair.volume) && pair.secondary !== undefined)
        .filter(({ volume }) => services.has(serviceOf(volume.host)))
        .map(({ volume }) => volume.image);
    run.doing(`promoting ${String(images.length)} images`);
    const promoted = await promote(run, images);
    // Promotions take their time.
    await toAll(seats, "not stopped any more", again, (seat) => stopAgain(run, seat));
    await toAll(seats, "rows are not written", again, async ({ row, writer }) => {
        const saved = savedRows(run).find(({ service }) => service === row.host);
        if (saved === undefined) return;
        const rows = movedRows(saved.rows, survey, row.host, promoted, backendId);
        await writeNoted(run, writer, row.host, rows);
    });
}
