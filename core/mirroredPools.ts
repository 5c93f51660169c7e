import { isSeen } from "./replica";
import type { Survey } from "./survey";

/**
 * What a forced failover does to the cluster's other mirrored pools, of this topology or not: a site's rbd-mirror serves
 * them all, and is stopped.
 */
export function pausedLines({ views, names, backend }: Survey): string[] {
    const view = views.secondary;
    if (!isSeen(view) || view.mirrored === undefined) return [];
    const { list, unseen } = view.mirrored;
    const others = list.filter((pool) => pool !== backend.pool);
    const site = `site ${names.secondary}`;
    return [
        ...(others.length === 0
            ? []
            : [
                  `${site}: its rbd-mirror is stopped for its other mirrored pools, too (${others.join(", ")}): nothing is replicated to them until it runs again`,
              ]),
        ...(unseen === undefined
            ? []
            : [
                  `${site}: its rbd-mirror is stopped; whether it serves more pools cannot be seen: ${unseen}`,
              ]),
    ];
}
