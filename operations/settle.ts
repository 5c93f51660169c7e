import type { Role } from "../core/topology/site";
import type { Run } from "./run";

const FLUSH_SECONDS = 120;
/** Added for each image: 2.2 s were seen for 200 of them, on idle clusters. */
const FLUSH_SECONDS_EACH = 0.1;

/**
 * Flushes images that nobody has open, each once, so that rbd-mirror confirms what it has replayed.
 * @param flushed images that were flushed before; added to
 */
export async function flush(
    run: Run,
    active: Role,
    images: readonly string[],
    flushed: Set<string>,
): Promise<void> {
    const due = images.filter((image) => !flushed.has(image));
    if (due.length === 0) return;
    run.journal.append({ kind: "noted", step: "flushed", data: due });
    // One that was opened meanwhile is flushed by its client; the next look says whether it is ready.
    const refused = await run.parts.sites[active].refusedImages(
        run.backend.pool,
        { do: "flush", images: due },
        FLUSH_SECONDS + Math.ceil(due.length * FLUSH_SECONDS_EACH),
    );
    for (const { image, error } of refused)
        run.found({ state: "warning", subject: image, fact: `was not flushed: ${error}` });
    for (const image of due) flushed.add(image);
}
