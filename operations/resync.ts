import { flushable } from "../core/blockers";
import { needOf, type Need } from "../core/failback";
import { replicated, subjectOf, type Survey } from "../core/survey";
import type { Journal } from "./journal";
import { PartialError, type Run } from "./run";
import { flush } from "./settle";
import { takeSurvey } from "./takeSurvey";
import { pause } from "./wait";

const ROLE_SECONDS = 600;
const PAUSE_MILLISECONDS = 2000;

/** Does one thing to images of the designed primary's copy. @throws PartialError naming the images that refused */
async function act(run: Run, verb: "demote" | "resync", images: string[]): Promise<void> {
    if (images.length === 0) return;
    const refused = await run.parts.sites.primary.refusedImages(
        run.backend.pool,
        { do: verb, images },
        ROLE_SECONDS,
    );
    if (refused.length > 0)
        throw new PartialError(
            `${String(refused.length)} of ${String(images.length)} images on ${run.parts.names.primary} cannot be ${verb === "demote" ? "demoted" : "flagged for resync"}: ${refused.map((r) => `${r.image}: ${r.error}`).join("; ")}`,
            ["stop every client that has them open there, then `cinder-dr resume`"],
        );
}

/** Images that this operation has demoted and flagged for resync: they are no longer as they were found. */
export const resyncedImages = ({ entries }: Journal): Set<string> =>
    new Set(
        entries.flatMap((e) =>
            e.kind === "noted" && e.step === "resynced" ? (e.data as string[]) : [],
        ),
    );

const needing = (survey: Survey, ...needs: Need[]) =>
    replicated(survey).filter((pair) => needs.includes(needOf(pair, survey)));

/**
 * Throws away what only the designed primary has, for the images that the operator gave up and for no other: demotes
 * them there, flags them for resync. An image that was flagged before is only waited for.
 */
export async function discard(run: Run, survey: Survey): Promise<string[]> {
    const before = resyncedImages(run.journal);
    const demotable = needing(survey, "demoteAndResync");
    await act(
        run,
        "demote",
        demotable.map(({ volume }) => volume.image),
    );
    const flagged = needing(survey, "demoteAndResync", "resync").filter(
        ({ volume }) => !before.has(volume.image),
    );
    const images = flagged.map(({ volume }) => volume.image);
    await act(run, "resync", images);
    if (images.length > 0) run.journal.append({ kind: "noted", step: "resynced", data: images });
    return images;
}

/**
 * Waits until every replicated volume's copy on the designed primary replays with nothing behind.
 * @throws PartialError naming what is not proven when time is up, or what a person must decide
 */
export async function waitReady(run: Run, seconds: number): Promise<number> {
    const end = performance.now() + seconds * 1000;
    const flagged = resyncedImages(run.journal);
    const flushed = new Set<string>();
    for (;;) {
        const survey = await takeSurvey(run.parts, run.backend, { users: true });
        const all = replicated(survey);
        const open = all.filter((pair) => needOf(pair, survey) !== "nothing");
        run.doing(
            `resync: ${String(all.length - open.length)} of ${String(all.length)} images replay with nothing behind`,
        );
        if (open.length === 0) return all.length;
        const stuck = open.filter((pair) => needOf(pair, survey) === "decide");
        // A flagged image is gone for a moment, and its old status stays published for up to 30 s.
        const refused = stuck.filter(({ volume }) => !flagged.has(volume.image));
        if (refused.length > 0 || performance.now() > end)
            throw new PartialError(
                `${String(open.length)} image(s) are not proven: ${open.slice(0, 5).map(subjectOf).join(", ")}`,
                ["`cinder-dr status --volumes` says what each lacks; then `cinder-dr resume`"],
            );
        await flush(run, "secondary", flushable(survey, "secondary"), flushed);
        await pause(PAUSE_MILLISECONDS, run.signal);
    }
}
