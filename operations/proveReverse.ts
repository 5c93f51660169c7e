import { flushable } from "../core/blockers";
import { otherSide } from "../core/service";
import { replicated } from "../core/survey";
import type { Role } from "../core/topology/site";
import { lookAtBoth } from "./moveBackend";
import type { Run } from "./run";
import { flush } from "./settle";
import { askCinder, takeSurvey, type CinderView } from "./takeSurvey";
import { waitFor } from "./wait";

/** How long the reverse replication may take to show: statuses are published every 30 s. */
const REVERSE_SECONDS = 180;
/** Added for each image, whose replay the other rbd-mirror begins anew, some at a time. */
const REVERSE_SECONDS_EACH = 0.1;
/** Between two looks at it, in milliseconds. */
const REVERSE_PAUSE = 2000;
/** For so long Cinder's word counts meanwhile: each look would list all volumes and snapshots of the cloud. */
const CINDER_SECONDS = 15;

/**
 * Waits until the images on the side that was left are demoted and replay what the new primary writes; then flushes what
 * nobody has open.
 */
export async function proveReverse(run: Run, to: Role, wanted: readonly string[]): Promise<string> {
    const from = otherSide(to);
    let last = "";
    let word: { until: number; view: Promise<CinderView> } | undefined;
    await waitFor(
        async () => {
            const now = performance.now();
            if (word === undefined || now > word.until)
                word = { until: now + CINDER_SECONDS * 1000, view: askCinder(run.parts) };
            const survey = await takeSurvey(run.parts, run.backend, { sides: [from] }, word.view);
            const pairs = replicated(survey).filter(({ volume }) => wanted.includes(volume.id));
            const ready = pairs.filter(
                (pair) => pair[from]?.primary === false && pair[from].state === "up+replaying",
            );
            // The hosts take requests again: what was deleted or retyped meanwhile is not waited for.
            last = `${String(ready.length)} of ${String(pairs.length)} replay`;
            run.doing(`waiting for ${survey.names[from]} to replay: ${last}`);
            return ready.length === pairs.length ? true : undefined;
        },
        {
            what: `the images on ${run.parts.names[from]} to replay`,
            seconds: REVERSE_SECONDS + Math.ceil(wanted.length * REVERSE_SECONDS_EACH),
            signal: run.signal,
            last: () => last,
            every: REVERSE_PAUSE,
        },
    );
    // The promotion itself is an entry, which rbd-mirror confirms with a flush only.
    const survey = await lookAtBoth(run, []);
    await flush(run, to, flushable(survey, to), new Set());
    return last;
}
