import type { Finding } from "./finding";
import { imageFaults, isLate, isProtected } from "./imageFaults";
import { isReplicated, isSeen, lagOf, type Pair } from "./replica";
import { siteFindings } from "./siteFindings";
import { activeSideOf, otherSide, type ServiceRow } from "./service";
import { serviceFindings, type SeenClusters } from "./serviceFindings";
import { lossOf, type PairLoss } from "./pairLoss";
import { subjectOf, type Survey } from "./survey";
import type { Role } from "./topology/site";
import { verdictOf, type Verdict } from "./verdict";

/** One volume's line of the status. */
export interface VolumeStatus {
    id: string;
    name: string;
    status: string;
    replicationStatus: string | null;
    host: string;
    /** Role and state of its image by site name; `-` where there is none, `?` where the site could not be seen. */
    images: Record<string, string>;
    lag: PairLoss & { bytes?: number };
    protected: boolean;
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
    const loss = lossOf(pair, active, survey, rates.get(volume.image));
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

/** Images that serve from the side that is not active, while the active one cannot be asked what it has. */
function astrayFinding({ pairs, views, names }: Survey, active: Role): Finding | undefined {
    const other = otherSide(active);
    const count = pairs.filter((pair) => pair[other]?.primary === true).length;
    if (count === 0 || isSeen(views[active])) return undefined;
    return {
        state: "problem",
        subject: `site ${names[other]}`,
        fact: `${String(count)} image(s) are primary there, while Cinder serves them from ${names[active]}, which cannot be asked`,
        next: "`cinder-dr resume` if an operation was cut short; else `failover --forced --write-rows` moves their rows after them",
    };
}

/**
 * The status of one backend.
 * @param rates growth of journals, see {@link entryRates}
 * @param images names of the images of all volumes of the cloud
 * @param clusters active-active clusters of the backend. Defaults to none.
 */
export function statusOf(
    survey: Survey,
    rates: Map<string, number>,
    images: ReadonlySet<string>,
    clusters: SeenClusters = [],
): BackendStatus {
    const active = activeSideOf(survey.rows, survey.backend);
    const side = active ?? "primary";
    const volumes = survey.pairs.map((pair) => volumeStatus(survey, pair, side, rates));
    const findings = [...serviceFindings(survey, clusters), ...siteFindings(survey, images)];
    if (active === undefined)
        findings.push({
            state: "problem",
            subject: `backend ${survey.backend.section}`,
            fact: `its hosts do not agree on the active side: ${survey.rows.map((row) => `${row.host} ${row.active_backend_id ? row.active_backend_id : "default"}`).join(", ")}`,
            next: "`cinder-dr resume` if an operation was cut short",
        });
    const astray = astrayFinding(survey, side);
    if (astray !== undefined) findings.push(astray);
    for (const pair of survey.pairs)
        for (const fault of imageFaults(pair, side, survey.views, survey.names))
            findings.push({
                state: isLate(fault) ? "warning" : "problem",
                subject: subjectOf(pair),
                fact: fault.fact,
                next: fault.next,
            });
    return {
        verdict: verdictOf(survey, volumes, active),
        findings,
        services: survey.rows,
        volumes,
    };
}
