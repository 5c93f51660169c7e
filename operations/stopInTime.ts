import { consentsOf, type Consent } from "../core/consents";
import { wordsOf } from "../core/problem";
import { planLines, preflightOf } from "../core/preflight";
import { subjectOf, type Move, type Survey } from "../core/survey";
import type { BackendKey } from "../core/backendKey";
import { BusyError } from "./claim";
import { openJournalOf } from "./journalFolder";
import { lookAtBoth } from "./moveBackend";
import type { Nova } from "./nova";
import { RefusedError } from "./operationEnd";
import { checkConsents, type RunOptions } from "./run";
import { endInPart, leave } from "./serversAfterMove";
import { STOP, stopServers, type PowerOptions } from "./serversPower";

export interface StoppedServersOptions {
    move: Exclude<Move, "forced">;
    /**
     * Fails when the move would refuse what it finds.
     * @param stopping volumes, as blockers name them, whose servers are stopped before the move
     */
    refuse: (
        survey: Survey,
        accepted: ReadonlyMap<string, number>,
        stopping: ReadonlySet<string>,
    ) => void;
    /** Verb of the move's journal. */
    verb: string;
    /** Id of the move to go on with; else a cut-short one of the verb is looked for. */
    id?: string;
    nova: Nova;
    /** Servers worked on at a time. */
    batch: number;
}

const isAttached = ({ name }: Consent): boolean => name === "attached";

/** The operator's word with the volumes of the servers, which are stopped for the move and so lose no write. */
export function acceptedWith(options: RunOptions, consents: readonly Consent[]): RunOptions {
    const open = consents.find(isAttached);
    if (open === undefined) return options;
    return { ...options, accepted: new Map([...options.accepted, [open.name, open.count]]) };
}

/** Volumes, as blockers name them, that servers have, and none of those that are left running. */
const stoppedWith = ({ pairs }: Survey, running: ReadonlySet<string>): Set<string> =>
    new Set(
        pairs
            .filter(
                ({ volume: { servers } }) =>
                    servers.length > 0 && !servers.some((id) => running.has(id)),
            )
            .map(subjectOf),
    );

/**
 * Refuses what the move itself would refuse, while every server still runs; shows the plan then, as the move would. What
 * ends with the stop, a guest that writes, is no reason.
 * @param running servers that cannot be stopped
 */
function refuseEarly(
    options: RunOptions,
    survey: Survey,
    { move, refuse }: StoppedServersOptions,
    running: ReadonlySet<string> = new Set(),
): void {
    const consents = consentsOf(survey, move);
    const { accepted } = acceptedWith(options, consents);
    try {
        refuse(survey, accepted, stoppedWith(survey, running));
        checkConsents(consents, accepted);
    } catch (error) {
        options.planned(planLines(preflightOf(survey, move)));
        throw error;
    }
}

/** What came of the servers' stop before a move. */
interface Stop {
    failed: number;
    /** A server is left that cannot be stopped: the operator's own word stands for its volumes. */
    isPartial: boolean;
}

/**
 * Stops the servers, or refuses before the first one.
 * @throws ServersLeftError where it ends in the middle of the stop, RefusedError; both name the servers that this command, or
 * a run of it before, has stopped
 */
export async function stopInTime(
    options: RunOptions,
    stopped: StoppedServersOptions,
    power: PowerOptions,
    own: BackendKey,
): Promise<Stop> {
    try {
        const survey = await lookAtBoth(options);
        refuseEarly(options, survey, stopped);
        let isPartial = false;
        const failed = await stopServers({ ...power, before: stopped.verb }, (lost) => {
            isPartial = true;
            refuseEarly(options, survey, stopped, new Set(lost.map(({ id }) => id)));
            checkConsents(consentsOf(survey, stopped.move).filter(isAttached), options.accepted);
        });
        return { failed, isPartial };
    } catch (error) {
        // By the journals alone: Cinder may be what does not answer.
        const open = openJournalOf(STOP, own);
        if (open === undefined || error instanceof BusyError) throw error;
        const fact = `those that ${open} has stopped are left so`;
        if (error instanceof RefusedError) {
            leave(options, fact, ["--reattach", "--start"]);
            throw error;
        }
        endInPart(
            options,
            `nothing was moved: ${wordsOf(error)}; ${fact}: start them, or give the same command again`,
            ["--start"],
        );
    }
}
