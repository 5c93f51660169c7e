import { wordsOf } from "../core/problem";
import type { ServiceRow } from "../core/service";
import type { Survey } from "../core/survey";
import type { CinderHost } from "./cinderHost";
import { rowsNow } from "./moveBackend";
import { PartialError } from "./operationEnd";
import { AT_A_TIME, inParallel } from "./parallel";
import { isContainer, type Seat } from "./rowSeats";
import { timed, type Run } from "./run";
import { noteStarted, noteStopping, saveOnce, stoppedServices, type Stopped } from "./savedRows";
import { waitFor, WaitError } from "./wait";

const UP_SECONDS = 120;
/** Never aborted: an operator who interrupts it must not find one host of two stopped, or moved. */
const WHOLE = new AbortController().signal;

/**
 * Does the same to all services, some at a time, whatever becomes of one.
 * @param again the command that goes on
 * @throws PartialError that names all that failed
 */
export async function toAll(
    seats: readonly Seat[],
    what: string,
    again: string,
    work: (seat: Seat) => Promise<void>,
): Promise<void> {
    const failed = await failures(seats, work);
    const facts = failed.map(([{ row }, error]) => `${row.host}: ${wordsOf(error)}`);
    if (facts.length > 0)
        throw new PartialError(`${what}: ${facts.join("; ")}`, [`mend that, then \`${again}\``]);
}

async function failures<T>(
    items: readonly T[],
    work: (item: T) => Promise<void>,
): Promise<[T, unknown][]> {
    const failed: [T, unknown][] = [];
    await inParallel(items, AT_A_TIME, WHOLE, (item) =>
        work(item).catch((error: unknown) => {
            failed.push([item, error]);
        }),
    );
    return failed;
}

/** Stops a service everywhere; of several hosts that may run it, those are noted that do. */
export async function stopRunners(run: Run, { row, runners }: Seat): Promise<void> {
    const running: string[] = [];
    for (const host of runners)
        if (runners.length === 1 || (await host.runs())) running.push(host.host.name);
    const known = runners.flatMap(({ host, configArguments }) =>
        configArguments === undefined ? [] : [[host.name, configArguments] as const],
    );
    const read = known.length > 0 ? { arguments: Object.fromEntries(known) } : {};
    if (runners.length > 0) noteStopping(run, { service: row.host, runners: running, ...read });
    for (const host of runners) {
        run.doing(`stopping cinder-volume on ${host.host.name}`);
        await host.stop();
    }
}

/**
 * Looks again whether a stopped service is stopped, and stops it again: systemd and Pacemaker start a container anew that
 * was stopped without them, and it would act on rows of which half are written.
 * @throws Error where it comes up at once
 */
export async function stopAgain(run: Run, { row, writer, runners }: Seat): Promise<void> {
    let count = 0;
    for (const host of runners.filter(({ canStop }) => canStop)) {
        if (!(await host.runs())) continue;
        run.doing(`stopping cinder-volume on ${host.host.name} again`);
        await host.stop();
        if (await host.runs())
            throw new Error(
                `cinder-volume on ${host.host.name} is started again whenever it is stopped: name its unit in service.container.unit, or take it from its service manager for now`,
            );
        count++;
    }
    if (count > 0) await writer.drain(row.host);
}

/** Stops a service, drops what waits in its queue, and then saves its rows: while it lived it changed them. */
export async function stopSeat(run: Run, seat: Seat): Promise<void> {
    const { row, writer, runners } = seat;
    await stopRunners(run, seat);
    const dropped = await writer.drain(row.host);
    await saveOnce(run, writer, row.host);
    const host = runners[0]?.host.name ?? row.host;
    run.journal.append({ kind: "noted", step: "stopped", data: { host, dropped } });
}

/**
 * @param before rows after the last write to them, which changes their time as well as a sign of life does
 * @returns services that have given no sign of life
 */
async function silentOf(run: Run, before: readonly ServiceRow[]): Promise<string[]> {
    let silent: string[] = [];
    const look = async () => {
        const rows = await rowsNow(run);
        silent = before.flatMap(({ host, updated_at }) => {
            const now = rows.find((row) => row.host === host);
            return now?.state === "up" && now.updated_at !== updated_at ? [] : [host];
        });
        run.doing(`no sign of life yet of ${silent.join(", ")}`);
        return silent.length === 0 || undefined;
    };
    const signal = AbortSignal.timeout((UP_SECONDS + 60) * 1000);
    try {
        await waitFor(look, { what: "cinder-volume", seconds: UP_SECONDS, signal });
    } catch (error) {
        if (!(error instanceof WaitError)) throw error;
    }
    return silent;
}

/** Hosts of the topology that are to run these services again, but for those that were lost since. */
function toStart(run: Run, survey: Survey, stopped: readonly Stopped[]): CinderHost[] {
    const lost = survey.hosts.filter(({ unseen }) => unseen !== undefined).map(({ name }) => name);
    return run.parts.hosts.filter(
        (host) =>
            stopped.some(({ runners }) => runners.includes(host.host.name)) &&
            // A container that this operation has stopped cannot be asked.
            (isContainer(host) || !lost.includes(host.host.name)),
    );
}

async function start(
    run: Run,
    survey: Survey,
    stopped: readonly Stopped[],
): Promise<{ up: string[]; asleep: string[] }> {
    const rows = await rowsNow(run);
    const hosts = toStart(run, survey, stopped);
    const failed = await failures(hosts, (host) => host.startAnew());
    const bad = failed.map(([host]) => host);
    const started = hosts.filter((host) => !bad.includes(host)).map(({ host }) => host.name);
    const awaited = stopped.filter(({ runners }) => runners.some((name) => started.includes(name)));
    const silent = await silentOf(
        run,
        rows.filter((row) => awaited.some(({ service }) => service === row.host)),
    );
    const up = awaited.map(({ service }) => service).filter((name) => !silent.includes(name));
    for (const { service, runners } of stopped) {
        const isLost = hosts.every(({ host }) => !runners.includes(host.name));
        if (isLost)
            run.left.push(
                `${service}: start its cinder-volume on ${runners.join(", ") || "the host that is to run it"}, which reads its rows then`,
            );
        if (isLost || up.includes(service)) noteStarted(run, service);
    }
    return {
        up,
        asleep: [
            ...failed.map(([{ host }, error]) => `${host.name}: ${wordsOf(error)}`),
            ...silent.map((service) => `${service}: no sign of life since its start`),
        ],
    };
}

/**
 * Starts what the operation has stopped, and awaits a sign of life of each; a step where there is any.
 * @returns what does not run, a sentence each; hosts that are lost are left to do, and no failure
 */
export async function startServices(run: Run, survey: Survey): Promise<string[]> {
    const stopped = stoppedServices(run.journal);
    if (stopped.length === 0) return [];
    // Also for who has interrupted it: a service that is stopped serves nobody.
    const { result, seconds } = await timed(run, "start", () => start(run, survey, stopped));
    const { up, asleep } = result;
    run.found({
        state: asleep.length > 0 ? "problem" : "ok",
        subject: "start",
        fact: [...(up.length > 0 ? [`${up.join(", ")} runs again`] : []), ...asleep].join("; "),
        seconds,
    });
    return asleep;
}
