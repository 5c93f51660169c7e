import { subjectOf } from "../core/survey";
import type { SavedRows } from "./cinderHost";
import { startStopped } from "./mirrorDaemons";
import { both } from "./parallel";
import { seatsOf, type Seat } from "./rowSeats";
import { startServices, stopAgain, stopRunners, toAll } from "./rowServices";
import { tryWriters, withWriters } from "./rowWriters";
import type { Run } from "./run";
import { savedRows, stoppedServices, writtenRows } from "./savedRows";
import { takeSurvey } from "./takeSurvey";

type Row = SavedRows["service"];
type Rows = Record<string, Row>;

/** Fields that still hold what was written, with what they held before it. */
const back = (before: Row = {}, written: Row = {}, now: Row = {}): Row =>
    Object.fromEntries(
        Object.entries(written).flatMap(([field, value]) =>
            field in before && now[field] === value ? [[field, before[field]]] : [],
        ),
    );

const backOfEach = (before: Rows, written: Rows, now: Rows): Rows =>
    Object.fromEntries(
        Object.keys(written).map((id) => [id, back(before[id], written[id], now[id])]),
    );

/** A failover that waited in the service's queue was dropped, and would be awaited for ever. */
const settled = (row: Row): Row =>
    row.replication_status === "failing-over" ? { ...row, replication_status: "enabled" } : row;

/** Rows to put back: what Cinder or an operator has changed since the operation wrote them stays. */
export const undone = (before: SavedRows, written: SavedRows, now: SavedRows): SavedRows => ({
    service: settled(back(before.service, written.service, now.service)),
    cluster:
        written.cluster === null
            ? null
            : settled(back(before.cluster ?? {}, written.cluster, now.cluster ?? {})),
    volumes: backOfEach(before.volumes, written.volumes, now.volumes),
    snapshots: backOfEach(before.snapshots, written.snapshots, now.snapshots),
});

async function putBack(run: Run, { row, writer }: Seat): Promise<void> {
    const saved = savedRows(run).find(({ service }) => service === row.host);
    const written = writtenRows(run).filter(({ service }) => service === row.host);
    if (saved === undefined || written.length === 0) return;
    for (const { rows } of written) {
        const now = await writer.saveRows(row.host);
        await writer.writeRows(row.host, undone(saved.rows, rows, now));
    }
}

/** Puts back every row that the operation wrote, and starts the services again. */
async function undoRows(run: Run): Promise<string[]> {
    const { journal } = run;
    const noted = [...savedRows(run), ...stoppedServices(journal)];
    const names = [...new Set(noted.map(({ service }) => service))];
    const [seen, unwritable] = await both(
        takeSurvey(run.parts, run.backend, { sides: [], reach: ["secondary"] }),
        tryWriters(run),
    );
    const survey = withWriters(seen, unwritable);
    const rows = survey.rows.filter(({ host }) => names.includes(host));
    const seats = seatsOf(run, survey, rows);
    const again = `cinder-dr resume ${journal.id} --undo-rows`;
    await toAll(seats, "not stopped everywhere", again, (seat) => stopRunners(run, seat));
    await toAll(seats, "not stopped any more", again, (seat) => stopAgain(run, seat));
    await toAll(seats, "rows are not put back", again, (seat) => putBack(run, seat));
    run.left.push(...(await startServices(run, survey)));
    return names;
}

/** Puts back the rows that the operation wrote; what it promoted stays so, and is named. */
export async function undoForced(run: Run): Promise<string> {
    const { parts } = run;
    const { primary, secondary } = parts.names;
    const services = await undoRows(run).finally(() => startStopped(run));
    const { pairs } = await takeSurvey(parts, run.backend, { sides: ["secondary"] });
    const promoted = pairs.filter((pair) => pair.secondary?.primary === true).map(subjectOf);
    if (promoted.length > 0)
        run.left.push(
            `${String(promoted.length)} image(s) are primary on ${secondary} still: demote and resync them there once ${primary} is proven to have all that is wanted: ${promoted.join(", ")}`,
        );
    const fact = `rows of ${services.join(", ")} are as they were before`;
    run.found({ state: "ok", subject: "undo", fact });
    return fact;
}
