import { activeSide, serviceOf, type ServiceRow } from "./service";
import type { Survey } from "./survey";
import type { Role } from "./topology/site";

/** A host by itself, or the cluster that Cinder moves as one. */
const groupOf = (row: ServiceRow): string => row.cluster ?? row.host;

/**
 * What a move that was cut short has not moved yet, and must still be proven ready: Cinder promotes images by force as
 * soon as one is not.
 * @param called hosts that the operation has had moved; who else moves a host is no part of it
 */
export function restOf(survey: Survey, called: readonly string[], to: Role): Survey {
    const ours = new Set(survey.rows.filter(({ host }) => called.includes(host)).map(groupOf));
    const moved = new Set(
        survey.rows
            .filter((row) => ours.has(groupOf(row)))
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
