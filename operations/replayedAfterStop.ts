import { blockersOf } from "../core/blockers";
import type { Move, Survey } from "../core/survey";
import { lookAtBoth } from "./moveBackend";
import type { RunOptions } from "./run";
import { pause } from "./wait";

/** rbd-mirror publishes every 30 s, and has to replay first what the guests wrote until their stop. */
const REPLAY_SECONDS = 300;
const PAUSE_MILLISECONDS = 2000;

/**
 * Waits until the other site has what the stopped servers have written, since a planned failover refuses what is behind at
 * its first look. A failback waits for that itself. What only a flush confirms is left to the move's gate.
 * @param first the look after the stop
 * @returns the last look; also after 300 s, when the move itself says what is behind still
 */
export async function untilReplayed(
    options: RunOptions,
    move: Move,
    first: Survey,
): Promise<Survey> {
    if (move !== "planned") return first;
    const end = performance.now() + REPLAY_SECONDS * 1000;
    let survey = first;
    for (;;) {
        const [late, ...more] = blockersOf(survey, move).filter(
            ({ isLate, settles }) => isLate === true && settles !== true,
        );
        if (late === undefined || performance.now() > end) return survey;
        options.doing(
            `servers are stopped; ${String(more.length + 1)} image(s) are not replayed yet: ${late.subject}, ${late.fact}`,
        );
        await pause(PAUSE_MILLISECONDS, options.signal);
        survey = await lookAtBoth(options, []);
    }
}
