import type { Review } from "./judge";
import { stanzaDiffs } from "./markdown/diffs";

/** The review as one JSON value: what the comment says, for other programs. */
export function asJson(review: Review): object {
    const { changes, steps, rollout, ...rest } = review;
    const { sites, settings, backends, hosts, types, ceph, beside } = changes;
    return {
        verb: "review",
        ok: !["failed", "refused"].includes(review.verdict),
        ...rest,
        rollout,
        changes: { sites, settings, backends, hosts, volumeTypes: types, ceph, beside },
        stanzas: stanzaDiffs(review),
        steps: steps.map(({ op, type, name, urn, diffs }) => ({ op, type, name, urn, diffs })),
    };
}
