import { PartialError } from "./operationEnd";
import type { Run } from "./run";

const WRITABLE_SECONDS = 300;

/** librbd calls an image read-only whose lock it cannot ask for: rbd-mirror has it, or it is not primary any more. */
function howToGoOn({ parts, journal }: Run, refused: readonly { error: string }[]): string {
    const { secondary } = parts.names;
    return refused.some(({ error }) => /^ReadOnlyImage\b|read-only/i.test(error))
        ? `a read-only image is held by an rbd-mirror that runs: stop each on ${secondary} by hand, then \`cinder-dr resume ${journal.id} --rbd-mirror-stopped\``
        : "rbd-mirror must be stopped there (it holds the images' locks); then `cinder-dr resume`";
}

/** Takes and gives back each image's write lock, and writes and reads an image of its own in each pool that holds their data. */
export async function proveWritable(run: Run, images: string[]): Promise<string> {
    const at = run.parts.sites.secondary;
    const { pool } = run.backend;
    const refused = await at.refusedImages(pool, { do: "writable", images }, WRITABLE_SECONDS);
    if (refused.length > 0)
        throw new PartialError(
            `${String(refused.length)} image(s) cannot be written on ${at.site.name}: ${refused.map((r) => `${r.image}: ${r.error}`).join("; ")}`,
            [howToGoOn(run, refused)],
        );
    const name = `cinder-dr-probe-${run.journal.id}`;
    const { same, pools } = await at.pool<{ same: boolean; pools: (string | null)[] }>(
        pool,
        { do: "probe", name, images },
        WRITABLE_SECONDS,
    );
    if (!same)
        throw new PartialError(`${at.site.name} gives other bytes back than were written`, [
            `look at ${at.site.name}'s health`,
        ]);
    const data = pools.filter((one) => one !== null);
    const where = data.length === 0 ? "" : ` (data in ${data.join(", ")})`;
    return `${String(images.length)} images give their write lock; a probe image was written and read back${where}`;
}
