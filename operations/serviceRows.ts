import { isReplicated } from "../core/replica";
import { serviceOf, type ServiceRow } from "../core/service";
import type { Survey } from "../core/survey";
import type { CinderHost, SavedRows } from "./cinderHost";
import { rowsNow } from "./moveBackend";
import { PartialError } from "./operationEnd";
import { type Run } from "./run";
import { waitFor } from "./wait";

const UP_SECONDS = 120;
const PROMOTE_SECONDS = 1800;

/** Journal notes that hold rows as they were. */
const SAVED = "saved rows";

interface Saved {
    host: string;
    service: string;
    rows: SavedRows;
}

export const hostOf = (run: Run, survey: Survey, service: string): CinderHost => {
    const name = survey.hosts.find((facts) => facts.service === service)?.name;
    const host = run.parts.hosts.find((h) => h.host.name === name);
    if (host === undefined)
        throw new PartialError(
            `no host of the topology runs ${service}: its rows cannot be written through its Cinder`,
            ["add the host to the topology, then `cinder-dr resume`"],
        );
    return host;
};

export const savedRows = (run: Run): Saved[] =>
    run.journal.entries.flatMap((e) =>
        e.kind === "noted" && e.step === SAVED ? [e.data as Saved] : [],
    );

/** Saves a service's rows as they were before this operation wrote the first of them. */
export async function saveOnce(run: Run, host: CinderHost, service: string): Promise<void> {
    if (savedRows(run).some((saved) => saved.service === service)) return;
    const data: Saved = { host: host.host.name, service, rows: await host.saveRows(service) };
    run.journal.append({ kind: "noted", step: SAVED, data });
}

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
    rows: readonly ServiceRow[],
): Promise<string[]> {
    const { backendId } = run.backend.replicationDevice;
    const hosts = rows.map((row) => ({ row, host: hostOf(run, survey, row.host) }));
    // All are stopped before one row is written: a service that wakes up meanwhile would act on half of them.
    for (const { row, host } of hosts) {
        await saveOnce(run, host, row.host);
        run.doing(`stopping cinder-volume on ${host.host.name}`);
        await host.stop();
        const dropped = await host.drain(row.host);
        run.journal.append({
            kind: "noted",
            step: "stopped",
            data: { host: host.host.name, dropped },
        });
    }
    const services = new Set(rows.map((row) => row.host));
    const images = survey.pairs
        .filter((pair) => isReplicated(pair.volume) && pair.secondary !== undefined)
        .filter(({ volume }) => services.has(serviceOf(volume.host)))
        .map(({ volume }) => volume.image);
    run.doing(`promoting ${String(images.length)} images`);
    const promoted = await promote(run, images);
    for (const { row, host } of hosts) {
        const saved = savedRows(run).find(({ service }) => service === row.host);
        if (saved === undefined) continue;
        const count = await host.writeRows(
            row.host,
            movedRows(saved.rows, survey, row.host, promoted, backendId),
        );
        run.journal.append({
            kind: "noted",
            step: "rows written",
            data: { service: row.host, count },
        });
    }
    for (const { host } of hosts) await host.start();
    for (const { row } of hosts) await comesUp(run, row);
    return [...services];
}

/** Puts back every row that this operation wrote, and starts the services again. */
export async function undoRows(run: Run): Promise<string[]> {
    const saved = savedRows(run);
    for (const { host: name, service, rows } of saved) {
        const host = run.parts.hosts.find((h) => h.host.name === name);
        if (host === undefined) throw new PartialError(`the topology has no host ${name}`, []);
        await host.stop();
        await host.writeRows(service, rows);
        await host.start();
    }
    return saved.map(({ service }) => service);
}
