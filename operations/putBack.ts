import { halfMoved, restOf } from "../core/rest";
import { otherSide } from "../core/service";
import { subjectOf, targetOf, type Move } from "../core/survey";
import type { Role } from "../core/topology/site";
import { calledHosts, lookAtBoth } from "./moveBackend";
import { PartialError } from "./operationEnd";
import { type Run } from "./run";
import { pause } from "./wait";

const ROLE_SECONDS = 600;
/** rbd-mirror must have replayed a demotion before the other copy can be promoted without force. */
const REPLAY_SECONDS = 120;
const PAUSE_MILLISECONDS = 2000;

/**
 * Waits until images that are primary on the target already are replayed where they were: the promotion itself is an entry
 * of the journal, and a copy that is promoted without it has forked.
 */
async function replayed(run: Run, images: readonly string[], to: Role): Promise<void> {
    const from = otherSide(to);
    const { names } = run.parts;
    const late = async () =>
        (await lookAtBoth(run, [])).pairs.filter(
            (pair) =>
                images.includes(pair.volume.image) &&
                pair[to]?.primary === true &&
                pair[from]?.state !== "up+replaying",
        );
    const end = performance.now() + REPLAY_SECONDS * 1000;
    for (let left = await late(); left.length > 0; left = await late()) {
        run.doing(`waiting for ${names[from]} to replay ${String(left.length)} half moved images`);
        if (performance.now() > end)
            throw new PartialError(
                `${String(left.length)} half moved image(s) are primary on ${names[to]}, and ${names[from]} does not replay them: ${left.map((pair) => `${subjectOf(pair)} ${pair[from]?.state ?? "has no image"}`).join("; ")}`,
                [
                    `see that rbd-mirror runs on ${names[from]}, then \`cinder-dr resume ${run.journal.id}\``,
                ],
            );
        await pause(PAUSE_MILLISECONDS, run.signal);
    }
}

/**
 * Makes images that a restarted cinder-volume left half moved primary again where Cinder serves them, without force: else
 * Cinder's next try fails at the first one, and promotes all others by force. Nobody can have written to them meanwhile,
 * for Cinder hands out no connection to the other side.
 * @returns the images
 */
export async function putBack(run: Run, move: Move): Promise<string[]> {
    const to = targetOf(move);
    const from = otherSide(to);
    const called = calledHosts(run.journal);
    const pairs = halfMoved(restOf(await lookAtBoth(run), called, to), called, to);
    const images = pairs.map(({ volume }) => volume.image);
    if (images.length === 0) return [];
    const { pool } = run.backend;
    const { sites, names } = run.parts;
    const fail = (what: string, refused: readonly { image: string; error: string }[]) =>
        new PartialError(
            `${String(refused.length)} image(s) that were half moved cannot be ${what}: ${refused.map((r) => `${r.image}: ${r.error}`).join("; ")}`,
            pairs.map((pair) => `${subjectOf(pair)}: make it primary on ${names[from]}`),
        );
    run.doing(`putting ${String(images.length)} half moved images back`);
    await replayed(run, images, to);
    const held = await sites[to].refusedImages(pool, { do: "demote", images }, ROLE_SECONDS);
    if (held.length > 0) throw fail(`demoted on ${names[to]}`, held);
    const end = performance.now() + REPLAY_SECONDS * 1000;
    for (let due = images; ;) {
        const question = { do: "promote", images: due, force: false };
        const refused = await sites[from].refusedImages(pool, question, ROLE_SECONDS);
        if (refused.length === 0) return images;
        if (performance.now() > end) throw fail(`promoted on ${names[from]}`, refused);
        due = refused.map(({ image }) => image);
        await pause(PAUSE_MILLISECONDS, run.signal);
    }
}
