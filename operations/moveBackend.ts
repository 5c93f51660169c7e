import { activeSide, leadersOf, rowsOf, type ServiceRow } from "../core/service";
import type { Survey } from "../core/survey";
import { ROLES, type Role } from "../core/topology/site";
import type { Journal } from "./journal";
import { again, OpenStackError, PATIENCE } from "./openstackRequest";
import { PartialError } from "./operationEnd";
import { type Run, type RunOptions } from "./run";
import { takeSurvey } from "./takeSurvey";
import { InterruptedError, waitFor, WaitError } from "./wait";

/** The journal's note before each call that moves a host. */
const FAILOVER_HOST = "failover-host";

/** Cinder's own word for the designed primary. */
const DEFAULT = "default";

/** Cinder moves volume after volume; a lagging image costs it 15 s, a dead site 30 s once. */
const limitSeconds = (volumes: number): number => 120 + 16 * volumes;
/** Cinder's API may be away for a moment; the failover goes on without it, but nobody can follow it. */
const SILENT_SECONDS = 60;
/** A cinder-volume reports every 10 s, also while it fails over. One that is `down` so long ends nothing any more. */
const DOWN_SECONDS = 180;
/** Everything that a move between two living sites depends on, from Cinder, its hosts and both clusters. */
export const lookAtBoth = (
    { parts, backend }: RunOptions,
    reach: readonly Role[] = ROLES,
): Promise<Survey> => takeSurvey(parts, backend, { users: true, reach });

export const rowsNow = async ({ parts, backend }: Run): Promise<ServiceRow[]> =>
    rowsOf(await parts.cinder.services(), backend);

/** Hosts that an operation has had moved, or was about to when it was killed. */
export const calledHosts = ({ entries }: Journal): string[] =>
    entries.flatMap((e) =>
        e.kind === "noted" && e.step === FAILOVER_HOST ? [(e.data as { host: string }).host] : [],
    );

const isMoving = ({ replication_status }: ServiceRow): boolean =>
    replication_status === "failing-over";

/** How to go on. @param rows the flag that has a forced failover write the rows of who does not end it */
function wayOn({ id, begun }: Journal, rows: string): string {
    const again = `cinder-dr resume ${id}`;
    return `\`${again}\`${begun.verb === "failover --forced" ? `; or \`${again} ${rows}\`` : ""}`;
}

/** @param stuck services that live and have not ended their failover */
function unfinished({ journal }: Run, stuck: readonly ServiceRow[], { message }: WaitError): Error {
    // Seen on Cinder 21: its database dies in the middle, the call ends with an error, and the row is never written.
    return new PartialError(message, [
        `see cinder-volume's log of ${namesOf(stuck)}: one that lost its database or queue in the middle never ends; restart it on each of them, then ${wayOn(journal, "--write-all-rows")}`,
    ]);
}

const namesOf = (rows: readonly ServiceRow[]): string => rows.map(({ host }) => host).join(", ");

/** @param down services that have not ended their failover, and whose hosts do not report any more */
function abandoned({ journal }: Run, down: readonly ServiceRow[]): PartialError {
    return new PartialError(
        `${namesOf(down)} failing-over, and down for ${String(DOWN_SECONDS)} s: nobody goes on with the failover`,
        [`start cinder-volume again on ${namesOf(down)}, then ${wayOn(journal, "--write-rows")}`],
    );
}

/** @param moving services that Cinder was moving when the user gave up */
const leftMoving = ({ journal }: Run, moving: readonly ServiceRow[], cause: unknown) =>
    new PartialError(
        `interrupted: Cinder goes on with the failover of ${namesOf(moving)}`,
        [`\`cinder-dr resume ${journal.id}\` waits for it and goes on`],
        { cause },
    );

/**
 * Waits until Cinder says that no host is failing over any more.
 * @param only rows that Cinder itself moves; the others may be down, since they are stopped to have their rows written
 * @throws PartialError naming those that do not end, that are down, or that move on after an interrupt
 */
async function followMove(
    run: Run,
    volumes: number,
    only: (row: ServiceRow) => boolean,
): Promise<ServiceRow[]> {
    const seconds = limitSeconds(volumes);
    let seen: ServiceRow[] = [];
    const last = () =>
        seen
            .map((row) => `${row.host} ${row.replication_status ?? "null"}, ${row.state}`)
            .join("; ");
    let answered = performance.now();
    let lived = answered;
    return waitFor(
        async () => {
            const rows = await rowsNow(run).catch((error: unknown) => {
                if (!(error instanceof OpenStackError) || !error.isAway) throw error;
                if (performance.now() - answered > SILENT_SECONDS * 1000)
                    throw new OpenStackError(
                        `Cinder's API has not answered for ${String(SILENT_SECONDS)} s, and the failover goes on without it (${error.message}); last seen: ${last() === "" ? "nothing" : last()}`,
                        error.status,
                        { cause: error },
                    );
                return undefined;
            });
            if (rows === undefined) return undefined;
            answered = performance.now();
            seen = rows;
            run.doing(`Cinder moves ${String(volumes)} volumes: ${last()}`);
            const moving = rows.filter((row) => isMoving(row) && only(row));
            if (moving.length === 0 || moving.some(({ state }) => state !== "down"))
                lived = answered;
            if (answered - lived >= DOWN_SECONDS * 1000) throw abandoned(run, moving);
            return rows.some(isMoving) ? undefined : rows;
        },
        {
            what: "Cinder to finish the failover",
            seconds,
            signal: run.signal,
            last,
        },
    ).catch((error: unknown) => {
        const moving = seen.filter(isMoving);
        if (error instanceof InterruptedError && moving.length > 0)
            throw leftMoving(run, moving, error);
        const stuck = moving.filter(({ state }) => state === "up");
        if (!(error instanceof WaitError) || stuck.length === 0) throw error;
        throw unfinished(run, stuck, error);
    });
}

/**
 * Has Cinder move a host. Where nobody took the call it is made again for some seconds, and only once a look says that the
 * host has not begun to move: a second call would move it again.
 */
async function callHost(run: Run, { host }: ServiceRow, to: Role, id: string): Promise<void> {
    const { backend, journal, parts } = run;
    journal.append({ kind: "noted", step: FAILOVER_HOST, data: { host, backendId: id } });
    const isUnmoved = (row: ServiceRow) =>
        row.host === host && activeSide(row, backend) !== to && !isMoving(row);
    let isFirst = true;
    const call = async () => {
        if (!isFirst && !(await rowsNow(run)).some(isUnmoved)) return;
        isFirst = false;
        await parts.cinder.failoverHost(host, id);
    };
    await again(call, performance.now() + PATIENCE, (e) => e.isUntaken, run.signal);
}

/**
 * Has Cinder move every host or cluster of the backend, and follows it to its end. Looks before it calls: what is on the
 * target is left alone, and what is failing over is only waited for, since a second call would move it again.
 * @param only rows to move and to wait for. Defaults to all.
 */
export async function moveHosts(
    run: Run,
    to: Role,
    volumes: number,
    only: (row: ServiceRow) => boolean = () => true,
): Promise<ServiceRow[]> {
    const { backend } = run;
    const id = to === "primary" ? DEFAULT : backend.replicationDevice.backendId;
    for (const row of leadersOf((await rowsNow(run)).filter(only))) {
        if (activeSide(row, backend) === to || isMoving(row)) continue;
        await callHost(run, row, to, id);
    }
    return followMove(run, volumes, only);
}
