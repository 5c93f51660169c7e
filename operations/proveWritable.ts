import { PartialError } from "./operationEnd";
import type { Run } from "./run";

const WRITABLE_SECONDS = 300;

/** Takes and gives back each image's write lock, and writes and reads an image of its own. */
export async function proveWritable(run: Run, images: string[]): Promise<string> {
    const at = run.parts.sites.secondary;
    const { pool } = run.backend;
    const refused = await at.refusedImages(pool, { do: "writable", images }, WRITABLE_SECONDS);
    if (refused.length > 0)
        throw new PartialError(
            `${String(refused.length)} image(s) cannot be written on ${at.site.name}: ${refused.map((r) => `${r.image}: ${r.error}`).join("; ")}`,
            [
                "rbd-mirror must be stopped there (it holds the images' locks); then `cinder-dr resume`",
            ],
        );
    const name = `cinder-dr-probe-${run.journal.id}`;
    const { same } = await at.pool<{ same: boolean }>(
        pool,
        { do: "probe", name },
        WRITABLE_SECONDS,
    );
    if (!same)
        throw new PartialError(`${at.site.name} gives other bytes back than were written`, [
            `look at ${at.site.name}'s health`,
        ]);
    return `${String(images.length)} images give their write lock; a probe image was written and read back`;
}
