import type { ServiceRow } from "../service";
import { itemsOf, type DriftItem } from "./item";

/** What is compared of a service's row. */
export type ServiceSeen = Pick<
    ServiceRow,
    "host" | "state" | "status" | "replication_status" | "active_backend_id" | "frozen"
>;

const NEXT = "look into cinder-volume's log on the host";

/**
 * A backend's service against what a replicated one shows. A failover is an operation and no drift: `failed-over` on
 * the topology's target is as wanted as `enabled`.
 * @param name `host@backend` as the host's own configuration gives it
 */
export function serviceDrift(
    host: string,
    name: string,
    row: ServiceSeen | undefined,
    backendId: string,
): DriftItem {
    const make = itemsOf(`hosts.${host}`);
    const subject = `service ${name}`;
    if (row === undefined) return make.drifted(subject, "Cinder has no such row", "up", NEXT);
    const replication = row.replication_status ?? "";
    const active = row.active_backend_id ?? "";
    const found = `${row.state}, replication_status ${replication === "" ? "null" : replication}${active === "" || active === "default" ? "" : `, active_backend_id ${active}`}${row.frozen === true ? ", frozen" : ""}`;
    const sound =
        row.state === "up" &&
        (replication === "enabled" || (replication === "failed-over" && active === backendId));
    return sound
        ? make.ok(subject, found)
        : make.drifted(subject, found, "up, replication_status enabled or failed-over", NEXT);
}
