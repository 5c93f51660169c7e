import type { Topology } from "../core/topology";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import type { Live, Review } from "../review";
import { lookLive } from "../review/live";

/** What the cloud says of a change, for `review --live`; reads only. */
export async function look(
    found: Review,
    now: Topology | undefined,
    base: Topology | undefined,
    doing: (what: string) => void,
): Promise<Live> {
    const topology = now ?? base;
    if (topology === undefined)
        return { types: {}, backends: {}, problems: ["the stack's file has no right topology"] };
    const cinder = new Cinder(findCloud(process.env));
    try {
        return await lookLive(found, {
            cinder,
            topology,
            ...(base === undefined ? {} : { base }),
            doing,
        });
    } finally {
        await cinder.close();
    }
}
