import type { Finding } from "./finding";
import { otherBlockers, otherLines, removeByHand } from "./otherHosts";
import { enableClusterByHand, type ClusterRow, type ServiceRow } from "./service";
import type { Survey } from "./survey";

/** The clusters of the backend, or why they could not be seen. */
export type SeenClusters = readonly ClusterRow[] | { unseen: string };

/** What to do about a service that is not fine. */
const cureOf = (row: ServiceRow, survey: Survey): string =>
    row.state === "up" && row.replication_status === "disabled"
        ? `its host must have the backend's replication_device: \`pulumi up\`; where it is of another site or zone, name its host in backends.${survey.backend.section}.otherHosts`
        : `see cinder-volume's log on the host${removeByHand(row, survey)}`;

function rowFindings(survey: Survey): Finding[] {
    const { rows, backend } = survey;
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
                : { next: cureOf(row, survey) }),
        };
    });
}

/** The scheduler heeds a cluster's own row, which `service-list` does not show: it may be off while all members are on. */
function clusterFindings(clusters: SeenClusters, { backend }: Survey): Finding[] {
    if ("unseen" in clusters)
        return [
            {
                state: "warning",
                subject: `backend ${backend.section}`,
                fact: `its cluster cannot be seen, so new volumes may not be scheduled to it: ${clusters.unseen}`,
                next: "`cinder --os-volume-api-version 3.7 cluster-list` as an admin",
            },
        ];
    return clusters.map((cluster) => {
        const reason = cluster.disabled_reason ? ` (${cluster.disabled_reason})` : "";
        const found = { subject: `cluster ${cluster.name}`, fact: `${cluster.status}${reason}` };
        if (cluster.status === "enabled") return { state: "ok", ...found };
        const next = `no new volume is scheduled to it until \`${enableClusterByHand(cluster.name)}\``;
        return { state: "warning", ...found, next };
    });
}

/** What `status` says of the backend's cinder-volume services and of the clusters that they are members of. */
export const serviceFindings = (survey: Survey, clusters: SeenClusters): Finding[] => [
    ...rowFindings(survey),
    ...otherLines(survey).map((fact) => ({
        state: "ok" as const,
        subject: `backend ${survey.backend.section}`,
        fact,
    })),
    ...otherBlockers(survey).map(({ subject, fact, next }) => ({
        state: "problem" as const,
        subject,
        fact,
        next,
    })),
    ...clusterFindings(clusters, survey),
];
