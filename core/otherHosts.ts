import { blocker, type Blocker } from "./blocker";
import { isReplicated } from "./replica";
import { serviceOf, type ServiceRow } from "./service";
import type { Survey } from "./survey";

/** A service that has the backend's section, and that `otherHosts` says is not of the backend. */
export interface OtherService {
    row: ServiceRow;
    /** Its volumes of which a site has a mirrored image in the backend's pool. */
    mirrored: string[];
}

const keyOf = ({ backend }: Pick<Survey, "backend">): string =>
    `backends.${backend.section}.otherHosts`;

/** What the topology leaves out, for whoever reads a plan. */
export const otherLines = (survey: Pick<Survey, "backend" | "others">): string[] =>
    survey.others.length === 0
        ? []
        : [
              `${survey.others.map(({ row }) => row.host).join(", ")}: left alone, as ${keyOf(survey)} says`,
          ];

/** Why a service that the topology leaves out is of the backend all the same: nothing of it would be moved or proven. */
export function otherBlockers(survey: Survey): Blocker[] {
    const { others, hosts, rows, backend } = survey;
    return others.flatMap(({ row, mirrored: [first, ...more] }) => {
        const runner = hosts.find(({ service }) => service === row.host);
        const mate = rows.find(({ cluster }) => cluster != null && cluster === row.cluster);
        const why = [
            ...(runner === undefined ? [] : [`${runner.name} of the topology runs it`]),
            ...(mate === undefined
                ? []
                : [`Cinder moves it with ${mate.host}, in cluster ${row.cluster ?? ""}`]),
            ...(first === undefined
                ? []
                : [
                      `${String(more.length + 1)} of its volumes are mirrored in pool ${backend.pool}, e.g. ${first}`,
                  ]),
        ];
        if (why.length === 0) return [];
        return [
            blocker(
                row.host,
                `${keyOf(survey)} leaves it out, and ${why.join("; ")}`,
                "take it out of otherHosts",
            ),
        ];
    });
}

/** Whether no host of the topology that answers runs it, nor another member of its cluster. */
function isNobodys(row: ServiceRow, { hosts, rows }: Survey): boolean {
    const mates = rows.filter((one) => one === row || (row.cluster && one.cluster === row.cluster));
    return !hosts.some(({ service }) => mates.some((one) => one.host === service));
}

/** Cinder's words for a service whose driver has no replication. */
const PLAIN = ["", "disabled", "not-capable"];

/**
 * Why a service may well be of another site or zone, whose section has the same name and a Ceph of its own; undefined
 * where nothing says so. No host of the topology was seen to run it, and it has no volume that could move: it is not
 * replicated, or is so elsewhere. A forgotten host may say the same, so nobody can tell from here. A move of another
 * site's service, or of its rows, puts all its volumes into error.
 */
function strangeness(row: ServiceRow, survey: Survey): string | undefined {
    const { hosts, pairs, backend } = survey;
    const own = pairs.filter(({ volume }) => serviceOf(volume.host) === row.host);
    const canMove = own.some(({ primary, secondary }) => primary ?? secondary);
    if (hosts.length === 0 || canMove || !isNobodys(row, survey)) return undefined;
    const isBlind = hosts.some(({ unseen }) => unseen !== undefined);
    const nobody = `no host of the topology ${isBlind ? "that answers " : ""}runs it`;
    const status = row.replication_status ?? "";
    if (PLAIN.includes(status)) return `is not replicated ('${status}'), and ${nobody}`;
    const counted = own.filter(({ volume }) => isReplicated(volume)).length;
    // Its host may be one that cannot be asked; and what has no volumes can be moved.
    if (isBlind || counted === 0) return undefined;
    return `none of its ${String(counted)} replicated volumes has a mirrored image in pool ${backend.pool}, and ${nobody}`;
}

/** Refuses a service of which nobody can tell whose it is; undefined for all others. */
export function strangerBlocker(row: ServiceRow, survey: Survey): Blocker | undefined {
    const fact = strangeness(row, survey);
    if (fact === undefined) return undefined;
    const next = `of another site or zone: name its host in ${keyOf(survey)}, and it is left alone; of this backend: its host must be in hosts and answer, and have the replication_device`;
    return blocker(row.host, fact, `${next}${removeByHand(row, survey)}`);
}

/** The cure for the row of a host that was taken out of service, after the usual one; empty where it is none. */
export function removeByHand(
    row: ServiceRow,
    survey: Pick<Survey, "pairs" | "hosts" | "rows">,
): string {
    const hasVolumes = survey.pairs.some(({ volume }) => serviceOf(volume.host) === row.host);
    const isRun = survey.hosts.some(({ service }) => service === row.host);
    return row.state === "up" || hasVolumes || isRun
        ? ""
        : `; it has no volume: if its host is gone for good, \`cinder-manage service remove cinder-volume ${row.host}\``;
}
