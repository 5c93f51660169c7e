import { isSeen } from "../core/replica";
import type { Survey } from "../core/survey";
import { ROLES } from "../core/topology/site";
import { OpenStackError } from "./openstack";
import type { Run } from "./run";
import { RemoteError } from "./remoteError";
import { askCinder, takeSurvey, type CinderView } from "./takeSurvey";
import { pause } from "./wait";

/** Between two looks, in milliseconds: a thirtieth of what was waited, so that a copy of hours is not asked after each moment. */
const [SHORTEST, LONGEST] = [2000, 20_000];
const pauseAfter = (waited: number): number => Math.min(Math.max(waited / 30, SHORTEST), LONGEST);
/** For so long Cinder's word counts: each look would list all volumes and snapshots of the cloud. */
const CINDER_SECONDS = 60;
/** How long a wait goes on without a look. */
const BLIND_SECONDS = 120;

/** Why nothing can be said now. */
class Silence {
    constructor(readonly why: string) {}
}

/** What a look says of a wait: its end; that more has begun, so that it is like a new one; or undefined where it goes on. */
export type Verdict<T> = { done: T } | { stop: Error } | "begun" | undefined;

/** What a judge may look at besides: the same moment with the clients that have primary images open. */
export type LookForUsers = () => Promise<Survey | undefined>;

type Judge<T> = (survey: Survey, lookForUsers: LookForUsers) => Promise<Verdict<T>>;

/** An answer; Silence where Cinder or a site does not give one now, as may be for a moment of a wait of hours. */
async function orSilence<T>(work: () => Promise<T>): Promise<T | Silence> {
    try {
        return await work();
    } catch (error) {
        if (error instanceof OpenStackError || error instanceof RemoteError)
            return new Silence(error.message);
        throw error;
    }
}

/** A survey that sees both sites. */
function lookAgain(
    { parts, backend }: Run,
    known: Promise<CinderView>,
    users = false,
): Promise<Survey | Silence> {
    return orSilence(async () => {
        const survey = await takeSurvey(parts, backend, { users }, known);
        const unseen = ROLES.flatMap((role) => {
            const view = survey.views[role];
            return isSeen(view)
                ? []
                : [`site ${survey.names[role]} cannot be asked: ${view.unseen}`];
        });
        return unseen.length === 0 ? survey : new Silence(unseen.join("; "));
    });
}

const blind = ({ why }: Silence): Error =>
    new Error(
        `no whole look for ${String(BLIND_SECONDS)} s, and the resync goes on without it: ${why}`,
    );

/**
 * Looks again and again until `judge` returns a verdict, through moments in which somebody does not answer, also what the
 * judge asks. Cinder's word of up to a minute ago lets a wait go on and does not end it: a volume that was deleted since
 * is no image that is missing.
 * @throws Error naming who was silent and why, after {@link BLIND_SECONDS}; what the judge throws otherwise
 */
export async function watch<T>(run: Run, judge: Judge<T>): Promise<T> {
    let start = performance.now();
    let seen = start;
    let word: { at: number; view: Promise<CinderView> } | undefined;
    for (;;) {
        const at = performance.now();
        const kept = word !== undefined && at - word.at < CINDER_SECONDS * 1000 ? word : undefined;
        const { view } = (word = kept ?? { at, view: askCinder(run.parts) });
        const survey = await lookAgain(run, view);
        const lookForUsers = async () => {
            const whole = await lookAgain(run, view, true);
            return whole instanceof Silence ? undefined : whole;
        };
        const verdict =
            survey instanceof Silence ? survey : await orSilence(() => judge(survey, lookForUsers));
        const now = performance.now();
        if (survey instanceof Silence) word = undefined;
        if (verdict instanceof Silence) {
            if (now - seen > BLIND_SECONDS * 1000) throw blind(verdict);
            run.doing(`resync: ${verdict.why}`);
        } else seen = now;
        if (verdict === "begun") start = now;
        if (verdict === undefined || verdict === "begun" || verdict instanceof Silence)
            await pause(pauseAfter(now - start), run.signal);
        else if (kept !== undefined) word = undefined;
        else if ("stop" in verdict) throw verdict.stop;
        else return verdict.done;
    }
}
