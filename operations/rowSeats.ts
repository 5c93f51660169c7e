import type { ServiceRow } from "../core/service";
import type { Survey } from "../core/survey";
import type { CinderHost } from "./cinderHost";
import { PartialError, RefusedError } from "./operationEnd";
import type { Run } from "./run";
import { stoppedServices } from "./savedRows";

/** A service whose rows are written, and through whom. */
export interface Seat {
    row: ServiceRow;
    /** Through whose Cinder its rows are written: all hosts share one database. */
    writer: CinderHost;
    /** The hosts that run it, stopped first and started last; none when it was lost with its host. */
    runners: CinderHost[];
}

/** Hosts that answer and are configured to run a service that fits. */
const hostsOf = (run: Run, survey: Survey, fits: (service: string) => boolean): CinderHost[] => {
    const names = survey.hosts.flatMap(({ name, service }) =>
        service !== undefined && fits(service) ? [name] : [],
    );
    return run.parts.hosts.filter(({ host }) => names.includes(host.name));
};

const writes = (survey: Survey, { host }: CinderHost): boolean =>
    survey.hosts.every(({ name, unwritable }) => name !== host.name || unwritable === undefined);

/** A container that this operation has stopped does not answer any more, and is to be started at the end. */
export const isContainer = ({ host }: CinderHost): boolean => "container" in host.service;

function runnersOf(run: Run, survey: Survey, service: string): CinderHost[] {
    const own = hostsOf(run, survey, (name) => name === service);
    const noted =
        stoppedServices(run.journal).find((one) => one.service === service)?.runners ?? [];
    const stopped = run.parts.hosts.filter(
        (one) => isContainer(one) && noted.includes(one.host.name) && !own.includes(one),
    );
    return [...own, ...stopped];
}

const noWriter = (service: string): PartialError =>
    new PartialError(`no host of the topology answers: the rows of ${service} cannot be written`, [
        "make SSH to one of them work, then `cinder-dr resume`",
    ]);

/** The host that runs a service, or else any host that answers. @throws PartialError where none does */
export function writerOf(run: Run, survey: Survey, service: string): CinderHost {
    const [own] = hostsOf(run, survey, (name) => name === service);
    const all = hostsOf(run, survey, () => true);
    const able = all.filter((host) => writes(survey, host));
    const writer = able.find((host) => host === own) ?? able[0] ?? own ?? all[0];
    if (writer === undefined) throw noWriter(service);
    return writer;
}

type Factual = (row: ServiceRow) => string;

const refusal = (rows: readonly ServiceRow[], what: string, fact: Factual, next: string) =>
    new RefusedError(
        `${rows.map((row) => row.host).join(", ")}: ${what}`,
        rows.map((row) => ({ subject: row.host, fact: fact(row), next })),
    );

/** Why a service may go on though its runners are stopped from here, or undefined. @param isBlind some host cannot be asked */
function looseness(runners: readonly CinderHost[], isBlind: boolean): string | undefined {
    if (runners.length === 0) return "no host of the topology that answers runs it";
    if (runners.some((host) => !host.canStop))
        return "the topology has a restart command for it and none to stop it";
    // With backend_host several hosts share its name.
    if (runners.length > 1 && isBlind)
        return "several hosts run it, of which one that does not answer may be another";
    return undefined;
}

/**
 * @throws RefusedError where a service lives and its host cannot be asked, so that it would go on with the old site in
 * memory whatever its rows say; and where nobody could write the rows once the services are stopped
 */
export function seatsOf(run: Run, survey: Survey, rows: readonly ServiceRow[]): Seat[] {
    const runners = new Map(rows.map((row) => [row, runnersOf(run, survey, row.host)]));
    const isBlind = survey.hosts.some(({ unseen }) => unseen !== undefined);
    const why = (row: ServiceRow) => looseness(runners.get(row) ?? [], isBlind);
    const loose = rows.filter((row) => row.state === "up" && why(row) !== undefined);
    if (loose.length > 0)
        throw refusal(
            loose,
            "cinder-volume cannot be stopped from here",
            (row) => `Cinder calls it up, and ${why(row) ?? ""}`,
            "stop its cinder-volume there, wait until Cinder calls it down, and run the command again",
        );
    const stopped = [...runners.values()].flat();
    // A container's Python is gone with the container.
    const going = hostsOf(run, survey, () => true).filter(
        (host) => !isContainer(host) || !stopped.includes(host),
    );
    const able = going.filter((host) => writes(survey, host));
    const troubles = survey.hosts.flatMap(({ name, unwritable }) =>
        unwritable === undefined ? [] : [`${name}: ${unwritable}`],
    );
    return rows.map((row) => {
        const own = runners.get(row) ?? [];
        const writer = able.find((host) => own.includes(host)) ?? able[0];
        if (writer === undefined && going.length > 0)
            throw refusal(
                rows,
                "nobody can write its rows",
                () => troubles.join("; "),
                "make one of these hosts reach Cinder's database and message broker, and run the command again",
            );
        if (writer === undefined)
            throw refusal(
                rows,
                "nobody could write the rows once cinder-volume is stopped",
                () =>
                    "it runs in a container, whose Python is needed then, and no other host of the topology that answers goes on running",
                "name a host in the topology on which Cinder's Python goes on running; or do it by hand: docs/runbooks/control-plane.md",
            );
        return { row, writer, runners: own };
    });
}
