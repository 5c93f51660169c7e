import { activeSide, rowsOf, type ServiceRow } from "../core/service";
import type { Backend } from "../core/topology";
import { OpenStackError, type Cinder } from "./cinder";
import { ProbeProblem } from "./probe";

/** Who may make volumes may still be refused the services, which are an admin's. */
async function servicesOf(cinder: Cinder): Promise<ServiceRow[]> {
    try {
        return await cinder.services();
    } catch (error) {
        if (error instanceof OpenStackError && error.status === 403) return [];
        throw error;
    }
}

/**
 * A probe is looked for on the primary: while Cinder serves another site its volumes are made there.
 * @throws ProbeProblem naming the hosts that are failed over
 */
export async function checkSide(cinder: Cinder, backend: Backend): Promise<void> {
    const moved = rowsOf(await servicesOf(cinder), backend).filter(
        (row) => activeSide(row, backend) !== "primary",
    );
    if (moved.length === 0) return;
    const hosts = moved.map(
        ({ host, active_backend_id }) => `${host} to '${active_backend_id ?? ""}'`,
    );
    throw new ProbeProblem(
        `failed over: ${hosts.join(", ")}; a new volume would not be made on the primary, where a probe must be`,
        "`cinder-dr status` shows what is replicated now; verify once `cinder-dr failback` is done",
    );
}
