import type { Begun } from "./operation";

/**
 * What an operation is about. The section alone does not say it: clouds and edge sites that are operated from one machine
 * have theirs under one name.
 */
export type BackendKey = Pick<Begun, "backend" | "of">;

const keyOf = ({ backend, of }: BackendKey): string =>
    JSON.stringify([backend, of && [of.cloud, of.pool, ...of.sites]]);

/** Whether two operations are about one backend; of those of before journals told it, as far as their section says. */
export const isSameBackend = (one: BackendKey, other: BackendKey): boolean =>
    keyOf(one) === keyOf(other);

/** A backend for people, as a part of a sentence. */
export function backendWords({ backend, of }: BackendKey): string {
    if (of === undefined) return `backend ${backend}`;
    const [primary, secondary] = of.sites;
    return `backend ${backend} with pool ${of.pool} between ${primary} and ${secondary}, of Cinder ${of.cloud}`;
}
