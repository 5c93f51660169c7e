import type { Pair } from "./replica";
import { activeSide, otherSide, serviceOf, type ServiceRow } from "./service";
import { replicated, type Survey } from "./survey";
import type { Role } from "./topology/site";

/** A host by itself, or the cluster that Cinder moves as one. */
const groupOf = (row: ServiceRow): string => row.cluster ?? row.host;

/** Rows of the hosts that an operation has had moved, with what Cinder moved along. */
function calledRows({ rows }: Survey, called: readonly string[]): ServiceRow[] {
    const ours = new Set(rows.filter(({ host }) => called.includes(host)).map(groupOf));
    return rows.filter((row) => ours.has(groupOf(row)));
}

/**
 * What a move that was cut short has not moved yet, and must still be proven ready: Cinder promotes images by force as
 * soon as one is not.
 * @param called hosts that the operation has had moved; who else moves a host is no part of it
 */
export function restOf(survey: Survey, called: readonly string[], to: Role): Survey {
    const moved = new Set(
        calledRows(survey, called)
            .filter(
                (row) =>
                    activeSide(row, survey.backend) === to ||
                    row.replication_status === "failing-over",
            )
            .map(groupOf),
    );
    const gone = survey.rows.filter((row) => moved.has(groupOf(row))).map(({ host }) => host);
    return {
        ...survey,
        rows: survey.rows.filter((row) => !moved.has(groupOf(row))),
        pairs: survey.pairs.filter(({ volume }) => !gone.includes(serviceOf(volume.host))),
    };
}

/**
 * Volumes of called hosts whose image is no longer primary where Cinder serves it. A cinder-volume that was restarted in
 * the middle of a move forgets it: it says `enabled` on the side that it left, with its images half moved.
 * @param rest what {@link restOf} left
 */
export function halfMoved(rest: Survey, called: readonly string[], to: Role): Pair[] {
    const hosts = calledRows(rest, called).map(({ host }) => host);
    return replicated(rest).filter(
        (pair) =>
            hosts.includes(serviceOf(pair.volume.host)) &&
            pair[otherSide(to)]?.primary === false &&
            pair[to] !== undefined,
    );
}
