import { clusterNamesOf, enableClusterByHand, leadersOf, type ServiceRow } from "../core/service";
import { rowsNow } from "./moveBackend";
import { PartialError } from "./operationEnd";
import { OpenStackError } from "./openstack";
import { phase, type Run } from "./run";

/** Hosts that {@link freeze} calls. */
export const toFreeze = (rows: readonly ServiceRow[]): string[] =>
    leadersOf(rows).flatMap(({ frozen, host }) => (frozen === true ? [] : [host]));

/** Freezes every host that is not frozen: no volume or snapshot may be made or deleted while images move. */
export async function freeze(run: Run, rows: readonly ServiceRow[]): Promise<void> {
    for (const host of toFreeze(rows)) await run.parts.cinder.service("freeze", host);
}

/**
 * Enables the clusters of these rows. A failover disables the cluster with its members (`finish_failover` of Cinder), a
 * thaw enables members alone, and the scheduler heeds the cluster: every new volume would end in `error`.
 */
async function enableClusters({ parts }: Run, rows: readonly ServiceRow[]): Promise<void> {
    const names = clusterNamesOf(rows);
    if (names.size === 0) return;
    const disabled = async () =>
        (await parts.cinder.clusters())
            .filter(({ name, status }) => names.has(name) && status !== "enabled")
            .map(({ name }) => name);
    let left = [...names];
    let why = "";
    try {
        for (const name of await disabled()) await parts.cinder.enableCluster(name);
        left = await disabled();
    } catch (error) {
        if (!(error instanceof OpenStackError)) throw error;
        why = ` (${error.message})`;
    }
    if (left.length > 0)
        throw new PartialError(
            `the cluster ${left.join(", ")} cannot be enabled again: no new volume is scheduled to it${why}`,
            left.map(enableClusterByHand),
        );
}

/** Thaws what is frozen and enables what is disabled: a member of a cluster that got no call stays behind else. */
export async function thaw(run: Run): Promise<string[]> {
    const { cinder } = run.parts;
    for (const row of leadersOf(await rowsNow(run)))
        if (row.frozen === true) await cinder.service("thaw", row.host);
    const isOff = (row: ServiceRow) => row.status !== "enabled";
    const isUp = (row: ServiceRow) => row.state === "up";
    for (const row of (await rowsNow(run)).filter(isOff)) await cinder.service("enable", row.host);
    // A thaw enables as well, and newer releases' `enable` has been seen to leave the row as it is.
    for (const row of leadersOf((await rowsNow(run)).filter(isOff)).filter(isUp))
        for (const verb of ["freeze", "thaw"] as const) await cinder.service(verb, row.host);
    const rows = await rowsNow(run);
    const left = rows.filter((row) => row.status !== "enabled" || row.frozen === true);
    if (left.length > 0)
        throw new PartialError(
            `${left.map((row) => row.host).join(", ")} cannot be enabled again`,
            left.map((row) => `openstack volume service set --enable ${row.host} cinder-volume`),
        );
    await enableClusters(run, rows);
    return rows.map((row) => row.host);
}

/** Thaws as a step of an operation. */
export const thawStep = (run: Run): Promise<string[]> =>
    phase(
        run,
        "thaw",
        () => thaw(run),
        (hosts) => `${hosts.join(", ")} take requests again`,
    );
