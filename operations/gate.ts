import { blocker, type Blocker } from "../core/blocker";
import { blockersOf, flushable } from "../core/blockers";
import { consentFlag, consentsOf, grown } from "../core/consents";
import { restOf } from "../core/rest";
import { otherSide } from "../core/service";
import { replicated, subjectOf, targetOf, type Move, type Survey } from "../core/survey";
import type { Role } from "../core/topology/site";
import { freeze, thaw, toFreeze } from "./freeze";
import { looks } from "./looks";
import { calledHosts, rowsNow } from "./moveBackend";
import { hasMarked } from "./markPlain";
import { putBack } from "./putBack";
import { resyncedImages } from "./resync";
import { FROZEN, RefusedError, THAWED } from "./operationEnd";
import { thawUnmoved } from "./thawUnmoved";
import { phase, stopping, type Run } from "./run";
import { flush } from "./settle";
import { pause } from "./wait";

/** The statuses that rbd-mirror publishes are up to 30 s old, so an image that is not ready may be in a moment. */
const READY_SECONDS = 60;
const LOCK_SECONDS = 120;
const PAUSE_MILLISECONDS = 1000;

/** What is not as it was found: a refusal must say so. */
function changedBefore(run: Run, rest: Survey, whole: Survey): string | undefined {
    if (rest.rows.length < whole.rows.length)
        return `${whole.rows
            .filter((row) => !rest.rows.includes(row))
            .map(({ host }) => host)
            .join(", ")} moved before`;
    if (resyncedImages(run.journal).size > 0) return "the forked images were resynced";
    return hasMarked(run.journal) ? "volumes that cannot move are marked" : undefined;
}

const unagreed = ({ accepted }: Run, survey: Survey, move: Move): Blocker[] =>
    grown(consentsOf(survey, move), accepted).map((consent) =>
        blocker(
            consent.name,
            `has become more than was agreed to (${String(accepted.get(consent.name) ?? 0)}): ${consent.means}`,
            `the command again, with ${consentFlag(consent)}`,
        ),
    );

/**
 * Images that a client holds for itself, though the operator has agreed to its I/O errors: their demotion would fail, and
 * Cinder then promotes all that follow by force. Taking the write lock is what a demotion does first.
 */
async function held(run: Run, survey: Survey, active: Role): Promise<Blocker[]> {
    const open = replicated(survey).filter((pair) => (pair[active]?.users ?? []).length > 0);
    if (open.length === 0) return [];
    const images = open.map(({ volume }) => volume.image);
    const question = { do: "writable", images };
    const { pool } = run.backend;
    const refused = await run.parts.sites[active].refusedImages(pool, question, LOCK_SECONDS);
    return refused.map(({ image, error }) => {
        const pair = open.find(({ volume }) => volume.image === image);
        return blocker(
            pair === undefined ? image : subjectOf(pair),
            `its client does not give the write lock away, so it cannot be demoted: ${error}`,
            "stop the client, or detach the volume",
        );
    });
}

function stopsOf(run: Run, survey: Survey, move: Move): Blocker[] {
    // What was agreed to be marked is marked by now: an image that is missing still is one whose demotion fails.
    const accepted = new Map([...run.accepted].filter(([name]) => name !== "unmarked"));
    return [...stopping(blockersOf(survey, move), accepted), ...unagreed(run, survey, move)];
}

/** Thaws and says why. @param changed what is not as it was found, if anything */
async function refuse(
    run: Run,
    stops: readonly Blocker[],
    changed: string | undefined,
): Promise<never> {
    await thaw(run);
    run.journal.append({ kind: "noted", step: THAWED });
    const what = `refused, and thawed again: ${String(stops.length)} blocker(s)`;
    throw new RefusedError(changed === undefined ? what : `${what}; ${changed}`, stops);
}

/**
 * Freezes every host, and looks until nothing stands in the way of the move; flushes what lacks only that. Of a move
 * that was cut short, only the hosts that it has not moved are looked at.
 * @returns the survey in which nothing did
 * @throws RefusedError with every host thawed again
 */
export async function gate(run: Run, move: Move): Promise<Survey> {
    try {
        return await whenReady(run, move);
    } catch (error) {
        await thawUnmoved(run, error);
        throw error;
    }
}

async function whenReady(run: Run, move: Move): Promise<Survey> {
    const rows = await rowsNow(run);
    // Before the first call: whoever is killed in the middle has hosts to thaw, and has not been refused.
    run.journal.append({ kind: "noted", step: FROZEN, data: toFreeze(rows) });
    await freeze(run, rows);
    const active = otherSide(targetOf(move));
    const flushed = new Set<string>();
    const end = performance.now() + READY_SECONDS * 1000;
    const called = calledHosts(run.journal);
    const look = looks(run, move);
    for (;;) {
        const whole = await look();
        const survey = restOf(whole, called, targetOf(move));
        if (survey.rows.length === 0 && whole.rows.length > 0) return survey;
        const stops = stopsOf(run, survey, move);
        const kept = stops.length > 0 ? [] : await held(run, survey, active);
        if (stops.length + kept.length === 0) return survey;
        run.doing(`frozen; ${String(stops.length)} blocker(s) left: ${stops[0]?.subject ?? ""}`);
        // Time does not make a client give its lock away, nor a backend come back.
        const isVain = kept.length > 0 || stops.some(({ isSo }) => isSo);
        if (isVain || performance.now() > end)
            await refuse(run, [...stops, ...kept], changedBefore(run, survey, whole));
        await flush(run, active, flushable(survey, active), flushed);
        await pause(PAUSE_MILLISECONDS, run.signal);
    }
}

/** Proves the hosts that a move was cut short before: days may lie between, and one image that is not ready is enough. */
export async function gateRest(run: Run, move: Move): Promise<void> {
    await phase(
        run,
        "put back",
        () => putBack(run, move),
        (images) => `${String(images.length)} half moved images are primary again where they were`,
    );
    await phase(
        run,
        "gate",
        async () => replicated(await gate(run, move)).map(({ volume }) => volume.id),
        (ids) => `frozen; ${String(ids.length)} images that have not moved yet are ready`,
    );
}
