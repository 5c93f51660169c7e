import { isReplicated } from "../core/replica";
import { serviceOf, type ServiceRow } from "../core/service";
import type { Survey } from "../core/survey";
import type { CinderHost, SavedRows } from "./cinderHost";
import { rowsNow } from "./moveBackend";
import { seatsOf, type Seat } from "./rowSeats";
import { type Run } from "./run";
import { savedRows, saveOnce } from "./savedRows";
import { takeSurvey } from "./takeSurvey";
import { waitFor } from "./wait";

const UP_SECONDS = 120;
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

/** @param before its row after the last write to it, which changes its time as well as a sign of life does */
const comesUp = (run: Run, before: ServiceRow, seconds = UP_SECONDS): Promise<true> =>
    waitFor(
        async () => {
            const now = (await rowsNow(run)).find((row) => row.host === before.host);
            run.doing(
                `${before.host}: ${now?.state ?? "gone"}, ${now?.replication_status ?? "null"}`,
            );
            return now?.state === "up" && now.updated_at !== before.updated_at ? true : undefined;
        },
        {
            what: `${before.host} to come up`,
            seconds,
            signal: AbortSignal.timeout((seconds + 60) * 1000),
        },
    );

/**
 * The failover that Cinder refuses when its service hangs or is down: promotes the images, and writes through the host's
 * own Cinder objects the rows that Cinder would have left. Every row is saved first.
 * @returns the service hosts that were moved
 */
export async function moveByRows(
    run: Run,
    survey: Survey,
    seats: readonly Seat[],
): Promise<string[]> {
    const { backendId } = run.backend.replicationDevice;
    // All are stopped before one row is written: a service that wakes up meanwhile would act on half of them.
    for (const seat of seats) await stopSeat(run, seat);
    const services = new Set(seats.map(({ row }) => row.host));
    const images = survey.pairs
        .filter((pair) => isReplicated(pair.volume) && pair.secondary !== undefined)
        .filter(({ volume }) => services.has(serviceOf(volume.host)))
        .map(({ volume }) => volume.image);
    run.doing(`promoting ${String(images.length)} images`);
    const promoted = await promote(run, images);
    for (const { row, writer } of seats) {
        const saved = savedRows(run).find(({ service }) => service === row.host);
        if (saved === undefined) continue;
        const count = await writer.writeRows(
            row.host,
            movedRows(saved.rows, survey, row.host, promoted, backendId),
        );
        run.journal.append({
            kind: "noted",
            step: "rows written",
            data: { service: row.host, count },
        });
    }
    await startServices(run, seats);
    return [...services];
}

async function stopSeat(run: Run, { row, writer, runners }: Seat): Promise<void> {
    await saveOnce(run, writer, row.host, runners);
    for (const host of runners) {
        run.doing(`stopping cinder-volume on ${host.host.name}`);
        await host.stop();
    }
    const dropped = await writer.drain(row.host);
    const host = runners[0]?.host.name ?? row.host;
    run.journal.append({ kind: "noted", step: "stopped", data: { host, dropped } });
}

/** Starts services and waits for their signs of life; one that was lost with its host reads its rows when it comes back. */
async function startServices(
    run: Run,
    seats: readonly { row: { host: string }; runners: readonly CinderHost[] }[],
): Promise<void> {
    const rows = await rowsNow(run);
    const own = seats.filter(({ runners }) => runners.length > 0);
    for (const host of own.flatMap(({ runners }) => runners)) await host.start();
    for (const { row } of own) {
        const before = rows.find(({ host }) => host === row.host);
        if (before !== undefined) await comesUp(run, before);
    }
}

/** Starts what this operation has stopped: a run that was killed after it wrote the rows has left it so. */
export async function startLeft(run: Run): Promise<void> {
    const names = savedRows(run).flatMap(({ runners }) => runners);
    for (const host of run.parts.hosts) if (names.includes(host.host.name)) await host.start();
}

/** Rows to put back: a failover that waited in the service's queue was dropped, and would be awaited for ever. */
function undone(rows: SavedRows): SavedRows {
    const settled = (row: SavedRows["service"]) =>
        row.replication_status === "failing-over" ? { ...row, replication_status: "enabled" } : row;
    const { service, cluster } = rows;
    return {
        ...rows,
        service: settled(service),
        cluster: cluster === null ? null : settled(cluster),
    };
}

/** Puts back every row that this operation wrote, and starts the services again. */
export async function undoRows(run: Run): Promise<string[]> {
    const saved = savedRows(run);
    const names = saved.map(({ service }) => service);
    const survey = await takeSurvey(run.parts, run.backend, { sides: [], reach: ["secondary"] });
    const rows = survey.rows.filter(({ host }) => names.includes(host));
    const seats = seatsOf(run, survey, rows);
    for (const { runners } of seats) for (const host of runners) await host.stop();
    for (const { row, writer } of seats) {
        const before = saved.find(({ service }) => service === row.host);
        if (before !== undefined) await writer.writeRows(row.host, undone(before.rows));
    }
    await startServices(run, seats);
    return names;
}
