import { blockersOf, type Blocker } from "./blockers";
import type { Finding } from "./finding";
import { imageFaults, isProtected } from "./imageFaults";
import { isReplicated, isSeen, lagOf, type Pair } from "./replica";
import { activeSideOf, otherSide, type ServiceRow } from "./service";
import { lossOf, replicated, subjectOf, type Survey } from "./survey";
import type { Role } from "./topology/site";

/** One volume's line of the status. */
export interface VolumeStatus {
    id: string;
    name: string;
    status: string;
    replicationStatus: string | null;
    host: string;
    /** Role and state of its image by site name; `-` where there is none, `?` where the site could not be seen. */
    images: Record<string, string>;
    lag: { entries?: number; bytes?: number; seconds?: number };
    protected: boolean;
}

/** The one line that answers the question. */
export interface Verdict {
    backend: string;
    active: string;
    protected: number;
    replicated: number;
    volumes: number;
    /** Bound in seconds on what is lost if the active site is lost now; undefined when it cannot be known. */
    rpoSeconds?: number;
    mayPlanned: boolean;
    mayForced: boolean;
    mayFailback: boolean;
    why: Record<"planned" | "forced" | "failback", string>;
}

export interface BackendStatus {
    verdict: Verdict;
    findings: Finding[];
    services: ServiceRow[];
    volumes: VolumeStatus[];
}

const imageLine = (survey: Survey, pair: Pair, role: Role): string => {
    if (!isSeen(survey.views[role])) return "?";
    const image = pair[role];
    if (image === undefined) return "-";
    return `${image.primary ? "primary" : "non-primary"} ${image.state}`;
};

/** Growth of each image's journal between two looks, in entries a second. */
export function entryRates(before: Survey, after: Survey, active: Role): Map<string, number> {
    const [first, second] = [before.views[active], after.views[active]];
    const rates = new Map<string, number>();
    if (!isSeen(first) || !isSeen(second) || second.now <= first.now) return rates;
    for (const [name, image] of Object.entries(second.images)) {
        const [now, then] = [image.positions?.[""], first.images[name]?.positions?.[""]];
        if (now === undefined || then?.[0] !== now[0]) continue;
        rates.set(name, Math.max(now[1] - then[1], 0) / (second.now - first.now));
    }
    return rates;
}

function volumeStatus(
    survey: Survey,
    pair: Pair,
    active: Role,
    rates: Map<string, number>,
): VolumeStatus {
    const { volume } = pair;
    const lag = lagOf(pair[active], pair[otherSide(active)]);
    const loss = lossOf(pair, active, survey.views, rates.get(volume.image));
    const perEntry =
        lag?.bytesPerSecond !== undefined && (lag.entriesPerSecond ?? 0) > 0
            ? lag.bytesPerSecond / (lag.entriesPerSecond ?? 1)
            : undefined;
    const bytes =
        lag?.entries === 0
            ? 0
            : perEntry === undefined
              ? undefined
              : Math.round((lag?.entries ?? 0) * perEntry);
    const faults = imageFaults(pair, active, survey.views, survey.names);
    const bothSeen = isSeen(survey.views.primary) && isSeen(survey.views.secondary);
    return {
        id: volume.id,
        name: volume.name,
        status: volume.status,
        replicationStatus: volume.replicationStatus,
        host: volume.host,
        images: {
            [survey.names.primary]: imageLine(survey, pair, "primary"),
            [survey.names.secondary]: imageLine(survey, pair, "secondary"),
        },
        lag: isReplicated(volume) ? { ...loss, ...(bytes === undefined ? {} : { bytes }) } : {},
        protected: bothSeen && isProtected(pair, faults),
    };
}

function serviceFindings({ rows, backend }: Survey): Finding[] {
    return rows.map((row) => {
        const words = [
            `${row.status}${row.disabled_reason ? ` (${row.disabled_reason})` : ""}`,
            row.state,
            `replication ${row.replication_status ?? "null"}`,
            `active backend ${row.active_backend_id ? row.active_backend_id : "default"}`,
            row.frozen === true ? "frozen" : "not frozen",
            `backend ${row.backend_state ?? "-"}`,
            `targets ${backend.replicationDevice.backendId}, default`,
            ...(row.cluster ? [`cluster ${row.cluster}`] : []),
        ];
        const fine =
            row.state === "up" && ["enabled", "failed-over"].includes(row.replication_status ?? "");
        return {
            state: fine ? (row.status === "enabled" ? "ok" : "warning") : "problem",
            subject: row.host,
            fact: words.join(", "),
            ...(fine
                ? row.status === "enabled"
                    ? {}
                    : {
                          next: `no new volume can be made on it until \`openstack volume service set --enable ${row.host} cinder-volume\``,
                      }
                : { next: "see cinder-volume's log on the host" }),
        };
    });
}

function siteFindings({ views, names }: Survey): Finding[] {
    return (["primary", "secondary"] as const).map((role) => {
        const view = views[role];
        const subject = `site ${names[role]}`;
        if (!isSeen(view))
            return {
                state: "problem",
                subject,
                fact: `cannot be asked: ${view.unseen}`,
                next: "its admin host and cluster must answer",
            };
        const count = Object.keys(view.images).length;
        const daemons = view.daemons.list?.length ?? 0;
        return {
            state: daemons > 0 ? "ok" : "problem",
            subject,
            fact: `${String(count)} mirrored images, ${String(daemons)} rbd-mirror daemon(s)`,
            ...(daemons > 0 ? {} : { next: "start rbd-mirror there" }),
        };
    });
}

/** Mirrored images that no volume of Cinder's has, e.g. of a volume deleted while the site was away. */
function orphanFindings(survey: Survey, images: ReadonlySet<string>): Finding[] {
    return (["primary", "secondary"] as const).flatMap((role) => {
        const view = survey.views[role];
        if (!isSeen(view)) return [];
        const left = Object.keys(view.images).filter(
            (name) => name.startsWith("volume-") && !images.has(name),
        );
        if (left.length === 0) return [];
        return [
            {
                state: "warning" as const,
                subject: `site ${survey.names[role]}`,
                fact: `${String(left.length)} mirrored image(s) of no volume: ${left.slice(0, 3).join(", ")}`,
                next: "they may be of volumes deleted while the site was away: look before you remove them",
            },
        ];
    });
}

const why = (blockers: readonly Blocker[]): string =>
    blockers.length === 0
        ? ""
        : `${blockers[0]?.subject ?? ""} ${blockers[0]?.fact ?? ""}${blockers.length > 1 ? ` (and ${String(blockers.length - 1)} more: \`cinder-dr preflight\`)` : ""}`;

function verdictOf(
    survey: Survey,
    volumes: readonly VolumeStatus[],
    active: Role | undefined,
): Verdict {
    const replicatedIds = new Set(replicated(survey).map(({ volume }) => volume.id));
    const moved = volumes.filter(({ id }) => replicatedIds.has(id));
    // What is not protected is lost whole; the bound is for the rest.
    const seconds = moved.filter((v) => v.protected).map(({ lag }) => lag.seconds);
    const bound =
        seconds.length > 0 && seconds.every((s) => s !== undefined)
            ? Math.max(...seconds)
            : undefined;
    const [planned, forced, failback] = (["planned", "forced", "failback"] as const).map((move) =>
        blockersOf(survey, move),
    );
    const blocked = { planned: planned ?? [], forced: forced ?? [], failback: failback ?? [] };
    return {
        backend: survey.backend.section,
        active: active === undefined ? "not agreed on" : survey.names[active],
        protected: moved.filter((v) => v.protected).length,
        replicated: moved.length,
        volumes: volumes.length,
        ...(bound === undefined ? {} : { rpoSeconds: bound }),
        mayPlanned: blocked.planned.length === 0,
        mayForced: blocked.forced.length === 0,
        mayFailback: blocked.failback.length === 0,
        why: {
            planned: why(blocked.planned),
            forced: why(blocked.forced),
            failback: why(blocked.failback),
        },
    };
}

/**
 * The status of one backend.
 * @param rates growth of journals, see {@link entryRates}
 * @param images names of the images of all volumes of the cloud
 */
export function statusOf(
    survey: Survey,
    rates: Map<string, number>,
    images: ReadonlySet<string>,
): BackendStatus {
    const active = activeSideOf(survey.rows, survey.backend);
    const side = active ?? "primary";
    const volumes = survey.pairs.map((pair) => volumeStatus(survey, pair, side, rates));
    const findings = [
        ...serviceFindings(survey),
        ...siteFindings(survey),
        ...orphanFindings(survey, images),
    ];
    if (active === undefined)
        findings.push({
            state: "problem",
            subject: `backend ${survey.backend.section}`,
            fact: `its hosts do not agree on the active side: ${survey.rows.map((row) => `${row.host} ${row.active_backend_id ? row.active_backend_id : "default"}`).join(", ")}`,
            next: "`cinder-dr resume` if an operation was cut short",
        });
    for (const pair of survey.pairs)
        for (const { kind, fact, next } of imageFaults(pair, side, survey.views, survey.names))
            findings.push({
                state: kind === "behind" ? "warning" : "problem",
                subject: subjectOf(pair),
                fact,
                next,
            });
    return {
        verdict: verdictOf(survey, volumes, active),
        findings,
        services: survey.rows,
        volumes,
    };
}

/** `ceph: active on paris; protected 12 of 12; RPO now 3.0 s; may fail over planned; …` */
export function verdictLine(verdict: Verdict): string {
    const plain = verdict.volumes - verdict.replicated;
    const move = (may: boolean, name: string, reason: string) =>
        may ? `may ${name}` : `may not ${name}: ${reason}`;
    return [
        `${verdict.backend}: active on ${verdict.active}`,
        `protected ${String(verdict.protected)} of ${String(verdict.replicated)} replicated volumes${plain > 0 ? `, ${String(plain)} more not replicated` : ""}`,
        `RPO now ${verdict.rpoSeconds === undefined ? "not known" : `at most ${verdict.rpoSeconds.toFixed(1)} s`}`,
        move(verdict.mayPlanned, "fail over planned", verdict.why.planned),
        move(verdict.mayForced, "fail over forced", verdict.why.forced),
        ...(verdict.mayFailback ? ["may fail back"] : []),
    ].join("; ");
}
