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

/** Does the same to all hosts, whatever becomes of one: a thaw waits for the host's own answer, and one may be lost. */
async function toEach(rows: readonly ServiceRow[], call: (host: string) => Promise<void>) {
    const trouble: string[] = [];
    for (const { host } of rows)
        await call(host).catch((error: unknown) => {
            if (!(error instanceof OpenStackError)) throw error;
            trouble.push(error.message);
        });
    return trouble;
}

const isOff = (row: ServiceRow): boolean => row.status !== "enabled";
const isUp = (row: ServiceRow): boolean => row.state === "up";
const enableByHand = ({ host, frozen }: ServiceRow): string =>
    `${frozen === true ? `cinder thaw-host ${host}; ` : ""}openstack volume service set --enable ${host} cinder-volume`;

/**
 * Thaws what is frozen and enables what is disabled: a member of a cluster that got no call stays behind else. What is down
 * serves nobody meanwhile, and is left to do.
 * @throws PartialError where one that runs cannot be thawed or enabled
 */
export async function thaw(run: Run): Promise<string[]> {
    const { cinder } = run.parts;
    const frozen = leadersOf(await rowsNow(run)).filter((row) => row.frozen === true);
    const trouble = await toEach(frozen, (host) => cinder.service("thaw", host));
    const off = (await rowsNow(run)).filter(isOff);
    trouble.push(...(await toEach(off, (host) => cinder.service("enable", host))));
    // A thaw enables as well, and newer releases' `enable` has been seen to leave the row as it is.
    const still = leadersOf((await rowsNow(run)).filter(isOff)).filter(isUp);
    for (const verb of ["freeze", "thaw"] as const)
        trouble.push(...(await toEach(still, (host) => cinder.service(verb, host))));
    const rows = await rowsNow(run);
    const left = rows.filter((row) => isOff(row) || row.frozen === true);
    const bad = left.filter(isUp);
    if (bad.length > 0)
        throw new PartialError(
            `${bad.map((row) => row.host).join(", ")} cannot be enabled again${trouble.length > 0 ? ` (${trouble.join("; ")})` : ""}`,
            bad.map(enableByHand),
        );
    for (const row of left)
        if (!isUp(row)) run.left.push(`${row.host} is down; once it runs: ${enableByHand(row)}`);
    await enableClusters(run, rows);
    return rows.filter((row) => !left.includes(row)).map((row) => row.host);
}

/** Thaws as a step of an operation. */
export const thawStep = (run: Run): Promise<string[]> =>
    phase(
        run,
        "thaw",
        () => thaw(run),
        (hosts) => `${hosts.join(", ")} take requests again`,
    );
