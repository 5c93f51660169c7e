import { shown, type Problem } from "../problem";
import type { Backend } from "./backend";

/** Keys are known where the Ceph side is declared, and one secret holds one key. */
export function* checkComputes(given: unknown, backends: Backend[]): Generator<Problem> {
    const { computes, mirroring } = (given ?? {}) as Record<string, unknown>;
    if (computes === undefined) return;
    if (mirroring === undefined)
        yield {
            propertyPath: "computes",
            reason: "must not be given without `mirroring`, which knows the users' keys",
        };
    const holders = new Map<string, string>();
    for (const backend of backends)
        for (const { role, at, names } of [
            { role: "primary", at: `backends.${backend.section}`, names: backend },
            {
                role: "secondary",
                at: `backends.${backend.section}.replicationDevice`,
                names: backend.replicationDevice,
            },
        ]) {
            const holder = `${role} ${names.user}`;
            const other = holders.get(names.secretUuid) ?? holder;
            if (other !== holder)
                yield {
                    propertyPath: `${at}.secretUuid`,
                    reason: `must be a secret of its own: it holds the key of another user or site, got ${shown(names.secretUuid)}`,
                };
            holders.set(names.secretUuid, other);
        }
}
