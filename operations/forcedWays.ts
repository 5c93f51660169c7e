import { activeSide, serviceOf, type ServiceRow } from "../core/service";
import type { Survey } from "../core/survey";
import { calledHosts, moveHosts, rowsNow } from "./moveBackend";
import type { LifeSigns } from "./livingServices";
import { RefusedError } from "./operationEnd";
import { type Run } from "./run";
import { both } from "./parallel";
import { seatsOf } from "./rowSeats";
import { moveByRows } from "./serviceRows";

/** Which hosts Cinder itself can move, and which hang, are down or refuse. */
export interface Ways {
    byCinder: string[];
    byRows: string[];
}

/** Whose rows the operator allows to be written. */
export interface RowsAllowed {
    /** Those of hosts that Cinder does not move. */
    writeRows?: boolean;
    /** Those of every host: nothing waits for the dead site, as Cinder's own failover does. */
    writeAllRows?: boolean;
}

/** @param since start of the command, by performance.now() */
export async function waysOf(
    run: Run,
    survey: Survey,
    since: number,
    signs: LifeSigns,
    { writeRows = false, writeAllRows = false }: RowsAllowed,
): Promise<Ways> {
    const isLeft = (row: ServiceRow) => activeSide(row, run.backend) !== "secondary";
    // Who moves by rows is stopped first, so nobody needs to know whether it lives.
    if (writeAllRows)
        return { byCinder: [], byRows: (await rowsNow(run)).filter(isLeft).map((r) => r.host) };
    signs.ask(survey.rows);
    const living = await signs.living(since);
    const rows = (await rowsNow(run)).filter(isLeft);
    // What this operation called before it was killed goes on in Cinder, and is only waited for.
    const called = calledHosts(run.journal);
    const clusters = rows.filter((row) => called.includes(row.host)).map((row) => row.cluster);
    // Cinder would set a volume to error whose image it has promoted before it was restarted.
    const promoted = new Set(
        survey.pairs
            .filter((pair) => pair.secondary?.primary === true)
            .map(({ volume }) => serviceOf(volume.host)),
    );
    const able = rows.filter((row) => {
        const status = row.replication_status ?? "";
        if (promoted.has(row.host) && status !== "failing-over") return false;
        const own =
            called.includes(row.host) || (row.cluster != null && clusters.includes(row.cluster));
        return living.has(row.host)
            ? ["enabled", "failed-over"].includes(status) || (own && status === "failing-over")
            : own && status === "failing-over" && row.state === "up" && !writeRows;
    });
    // A cluster is one: a member that hangs would go on with the old site after the others have moved.
    const broken = new Set(
        rows.filter((row) => !able.includes(row)).map((row) => row.cluster ?? row.host),
    );
    const byCinder = able
        .filter((row) => !broken.has(row.cluster ?? row.host))
        .map((row) => row.host);
    return {
        byCinder,
        byRows: rows.map((row) => row.host).filter((host) => !byCinder.includes(host)),
    };
}

/** Moves every host its own way. @throws RefusedError where only rows help and the operator did not allow them */
export async function moveByWays(
    run: Run,
    survey: Survey,
    ways: Ways,
    writeRows: boolean,
    count: number,
): Promise<string> {
    if (ways.byRows.length > 0 && !writeRows)
        throw new RefusedError(
            `${ways.byRows.join(", ")}: cinder-volume hangs, is down or was restarted in a move, and Cinder does not fail it over`,
            ways.byRows.map((host) => ({
                subject: host,
                fact: "does not answer, or some of its images are promoted already",
                next: "--write-rows stops it, promotes its images, and writes its service and volume rows through the host's own Cinder; they are saved first",
            })),
        );
    const rows = await rowsNow(run);
    const byRows = rows.filter((row) => ways.byRows.includes(row.host));
    const seats = seatsOf(run, survey, byRows);
    await both<unknown, unknown>(
        seats.length > 0 ? moveByRows(run, survey, seats) : Promise.resolve(),
        ways.byCinder.length > 0
            ? moveHosts(run, "secondary", count, (row) => ways.byCinder.includes(row.host))
            : Promise.resolve(),
    );
    return (
        [
            ...(ways.byCinder.length > 0 ? [`${ways.byCinder.join(", ")} by Cinder`] : []),
            ...(ways.byRows.length > 0 ? [`${ways.byRows.join(", ")} by rows`] : []),
        ].join("; ") || "all had moved"
    );
}
