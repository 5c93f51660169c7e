import type { ServiceRow } from "../core/service";
import type { Survey } from "../core/survey";
import type { CinderHost } from "./cinderHost";
import { PartialError, RefusedError } from "./operationEnd";
import type { Run } from "./run";

/** A service whose rows are written, and through whom. */
export interface Seat {
    row: ServiceRow;
    /** Through whose Cinder its rows are written: all hosts share one database. */
    writer: CinderHost;
    /** The hosts that run it, stopped first and started last; none when it was lost with its host. */
    runners: CinderHost[];
}

const hostsOf = (run: Run, survey: Survey, fits: (service: string) => boolean): CinderHost[] => {
    const names = survey.hosts.flatMap(({ name, service }) =>
        service !== undefined && fits(service) ? [name] : [],
    );
    return run.parts.hosts.filter(({ host }) => names.includes(host.name));
};

/** The host that runs a service, or else any host that answers. @throws PartialError where none does */
export function writerOf(run: Run, survey: Survey, service: string): CinderHost {
    const [own] = hostsOf(run, survey, (name) => name === service);
    const [any] = hostsOf(run, survey, () => true);
    const writer = own ?? any;
    if (writer === undefined)
        throw new PartialError(
            `no host of the topology answers: the rows of ${service} cannot be written`,
            ["make SSH to one of them work, then `cinder-dr resume`"],
        );
    return writer;
}

/**
 * @throws RefusedError where a service lives and its host cannot be asked: it would go on with the old site in memory,
 * whatever its rows say
 */
export function seatsOf(run: Run, survey: Survey, rows: readonly ServiceRow[]): Seat[] {
    const seats = rows.map((row) => ({
        row,
        writer: writerOf(run, survey, row.host),
        runners: hostsOf(run, survey, (name) => name === row.host),
    }));
    const loose = seats.filter(({ row, runners }) => runners.length === 0 && row.state === "up");
    if (loose.length > 0)
        throw new RefusedError(
            `${loose.map(({ row }) => row.host).join(", ")}: cinder-volume cannot be stopped from here`,
            loose.map(({ row }) => ({
                subject: row.host,
                fact: "Cinder calls it up, and no host of the topology that answers runs it",
                next: "stop its cinder-volume there, wait until Cinder calls it down, and run the command again",
            })),
        );
    return seats;
}
