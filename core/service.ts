import type { Backend } from "./topology/backend";
import type { Role } from "./topology/site";

/** One row of `cinder service-list --withreplication`, as the API answers it. */
export interface ServiceRow {
    /** `host@section` */
    host: string;
    /** enabled or disabled */
    status: string;
    /** up or down: whether the last heartbeat is younger than `service_down_time` (60 s by default) */
    state: string;
    updated_at: string | null;
    disabled_reason?: string | null;
    replication_status?: string | null;
    active_backend_id?: string | null;
    frozen?: boolean | null;
    cluster?: string | null;
    backend_state?: string | null;
}

/** One row of `cinder cluster-list`: an active-active cluster of cinder-volume. */
export interface ClusterRow {
    /** `cluster@section` */
    name: string;
    status: "enabled" | "disabled";
    disabled_reason?: string | null;
}

/** `host@section` of a volume's `host@section#pool`. */
export const serviceOf = (host: string): string => host.replace(/#.*$/, "");

/** cinder.conf section of a service's or a volume's host: it stands behind the last `@`. */
export const sectionOf = (host: string): string => {
    const service = serviceOf(host);
    return service.slice(service.lastIndexOf("@") + 1);
};

/** What tells a backend's services and volumes from those of others. */
export type Whose = Pick<Backend, "section" | "otherHosts">;

/** Whether a service or a volume has the backend's section, on a host that the topology leaves out. */
export const isOther = ({ section, otherHosts }: Whose, host: string): boolean =>
    sectionOf(host) === section &&
    otherHosts.includes(serviceOf(host).slice(0, -section.length - 1));

/**
 * Whether a service or a volume is of the backend, by its host. The section alone does not say it: in a cloud with edge
 * sites or zones each has a Ceph and a cinder-volume of its own under one section's name.
 */
export const isOf = (backend: Whose, host: string): boolean =>
    sectionOf(host) === backend.section && !isOther(backend, host);

/** Rows of one backend. */
export const rowsOf = (rows: readonly ServiceRow[], backend: Whose): ServiceRow[] =>
    rows.filter((row) => isOf(backend, row.host));

/** Rows that one failover call each moves: a host of its own, or any one member of a cluster. */
export function leadersOf(rows: readonly ServiceRow[]): ServiceRow[] {
    const seen = new Set<string>();
    return rows.filter((row) => {
        const key = row.cluster ?? row.host;
        const fresh = !seen.has(key);
        seen.add(key);
        return fresh;
    });
}

/** Names of the clusters of these rows. */
export const clusterNamesOf = (rows: readonly ServiceRow[]): Set<string> =>
    new Set(rows.map((row) => row.cluster).filter((name) => name != null));

/** How an operator lets the scheduler use a cluster again; its members' own rows do not count there. */
export const enableClusterByHand = (name: string): string =>
    `cinder --os-volume-api-version 3.7 cluster-enable ${name}`;

/** The side that is active now by a row; `''` and null both mean the designed primary. */
export function activeSide(row: ServiceRow, backend: Backend): Role | undefined {
    const id = row.active_backend_id ?? "";
    if (id === "") return "primary";
    return id === backend.replicationDevice.backendId ? "secondary" : undefined;
}

/** The side that all rows agree on; undefined when they do not, or name a target that the topology does not know. */
export function activeSideOf(rows: readonly ServiceRow[], backend: Backend): Role | undefined {
    const sides = new Set(rows.map((row) => activeSide(row, backend)));
    return sides.size === 1 ? [...sides][0] : undefined;
}

export const otherSide = (role: Role): Role => (role === "primary" ? "secondary" : "primary");
