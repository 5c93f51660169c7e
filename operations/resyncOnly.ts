import { consentsOf } from "../core/consents";
import { durationText, resyncDurationOf } from "../core/duration";
import { follows, needsResync, resyncBlockers, undecided } from "../core/failback";
import type { Measured } from "../core/measured";
import { RESYNC_ONLY } from "../core/operation";
import type { Pair } from "../core/replica";
import {
    isOfPlainType,
    replicated,
    subjectOf,
    unmarkedAnywhere,
    type Survey,
} from "../core/survey";
import { agreeTo, refuseFor } from "./agree";
import { lookAtBoth } from "./moveBackend";
import { PartialError, RefusedError } from "./operationEnd";
import { measuredOf } from "./preflight";
import { discardStep, GIVEN_UP, giveUp, sinceSettled } from "./resync";
import { waitFollowing } from "./resyncWait";
import { operate, phase, type Run, type RunOptions } from "./run";

export interface ResyncOnlyOptions extends RunOptions {
    /** How long resyncing may take. */
    resyncSeconds: number;
}

/** Nothing moves, so no Cinder host is asked. */
const look = (options: RunOptions): Promise<Survey> => lookAtBoth(options, []);

const firstOf = (pairs: readonly Pair[]): string => pairs.slice(0, 5).map(subjectOf).join(", ");

function planOf(survey: Survey, measured?: Measured): string[] {
    const { names } = survey;
    const all = replicated(survey);
    const count = (pairs: readonly unknown[]) => `${String(pairs.length)} image(s)`;
    const stay = undecided(survey);
    const duration = resyncDurationOf(survey, measured);
    return [
        `${count(all)} stay on ${names.secondary}; nothing moves, and no server is touched`,
        `${count(all.filter(needsResync))} on ${names.primary} are demoted and resynced, ${count(all.filter((pair) => follows(pair, survey)))} replay there already`,
        ...(duration.parts.length === 0 ? [] : [`expected: ${durationText(duration)}`]),
        ...(stay.length === 0
            ? []
            : [`${count(stay)} need you: ${stay.map(subjectOf).join(", ")}`]),
    ];
}

/** Shows the plan and records the operator's word, before anything is done. @throws RefusedError */
function agreeToDiscard(run: Run, survey: Survey): void {
    agreeTo(
        run,
        planOf(survey, measuredOf("failback", run.journal.begun)),
        consentsOf(survey, "failback").filter(({ name }) => name === "discarded"),
        () => {
            refuseFor(resyncBlockers(survey));
        },
    );
    giveUp(run, survey.pairs.filter(needsResync));
}

async function body(run: Run, resyncSeconds: number): Promise<string> {
    const { names } = run.parts;
    const survey = await look(run);
    // Days may lie between: the backend may have gone back, and its forks are nothing to throw away then.
    const stops = resyncBlockers(survey);
    if (stops.length > 0) throw new RefusedError("refused, nothing more is done now", stops);
    await discardStep(run, survey);
    const { count, lost } = await phase(
        run,
        "resync",
        () => waitFollowing(run, resyncSeconds),
        (done) =>
            `${String(done.count)} images on ${names.primary} replay what ${names.secondary} writes`,
    );
    // Made before the backend had a replication_device: nobody asked for a copy, and Cinder says NULL and counts them.
    const plain = unmarkedAnywhere({ pairs: lost }).filter(isOfPlainType);
    if (plain.length > 0)
        run.left.push(
            `${String(plain.length)} volume(s) of types that are not replicated have no mirrored image, and Cinder counts them as replicated: ${firstOf(plain)}; \`failback\` marks them with \`--accept-loss unmarked=N\``,
        );
    const open = lost.filter((pair) => !plain.includes(pair));
    if (open.length > 0)
        throw new PartialError(
            `${String(open.length)} image(s) do not follow, and no resync mends that: ${firstOf(open)}`,
            ["`cinder-dr status --volumes` says what each lacks, with its cure"],
        );
    return `${String(count)} volumes stay on ${names.secondary}, and replicate to ${names.primary}`;
}

/**
 * Protects a backend that stays on the secondary: has the designed primary, back from its outage, follow again. Throws
 * away only what the operator gave up, and moves nothing.
 */
export const resyncOnly = (
    options: ResyncOnlyOptions,
    flags: Record<string, unknown>,
    id?: string,
): Promise<string> =>
    operate(options, {
        verb: RESYNC_ONLY,
        locks: ["secondary", "primary"],
        flags,
        ...(id === undefined ? {} : { id }),
        body: async (run) => {
            if (!sinceSettled(run.journal).some(({ step }) => step === GIVEN_UP))
                agreeToDiscard(run, await look(run));
            return body(run, options.resyncSeconds);
        },
    });
