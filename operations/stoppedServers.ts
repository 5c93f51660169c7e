import { consentsOf, type Consent } from "../core/consents";
import { wordsOf } from "../core/problem";
import { planLines, preflightOf } from "../core/preflight";
import { otherSide } from "../core/service";
import { subjectOf, targetOf, type Move, type Survey } from "../core/survey";
import { backendKey } from "./backendKey";
import { moveToGoOnWith } from "./goingOn";
import { lookAtBoth } from "./moveBackend";
import type { Nova } from "./nova";
import { RefusedError } from "./operationEnd";
import { untilReplayed } from "./replayedAfterStop";
import { checkConsents, type RunOptions } from "./run";
import { afterFailure, endInPart, leave, seeToServers, ServersLeftError } from "./serversAfterMove";
import { stopServers, unfinishedStop, type PowerOptions } from "./serversPower";

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
function acceptedWith(options: RunOptions, consents: readonly Consent[]): RunOptions {
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

/** What has an image open though its servers were stopped: no server of Nova's, or one that was started since. */
function refuseUsed(survey: Survey, move: Move): void {
    const active = otherSide(targetOf(move));
    const used = survey.pairs.filter((pair) => (pair[active]?.users ?? []).length > 0);
    if (used.length === 0) return;
    throw new RefusedError(
        "refused: the servers were stopped, and something has images open",
        used.map((pair) => ({
            subject: subjectOf(pair),
            fact: `open by ${(pair[active]?.users ?? []).slice(0, 3).join(", ")}`,
            next: `stop it (a server: \`cinder-dr servers --backend ${survey.backend.section} --stop\`; one whose compute host is down: power that host off); its writes would become I/O errors`,
        })),
    );
}

/** What came of the servers' stop before a move. */
interface Stop {
    failed: number;
    /** A server is left that cannot be stopped: the operator's own word stands for its volumes. */
    isPartial: boolean;
}

/** Stops the servers, or refuses before the first one; those that a killed run of the same command has stopped are named. */
async function stopInTime(
    options: RunOptions,
    stopped: StoppedServersOptions,
    power: PowerOptions,
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
        const open = await unfinishedStop(power);
        if (error instanceof RefusedError && open !== undefined)
            leave(options, `those that ${open} has stopped are left so`, ["--reattach", "--start"]);
        throw error;
    }
}

/**
 * Stops every running server of the backend, moves the volumes, re-attaches the servers and starts them again. A move
 * that is refused leaves the servers running.
 * @param work the move itself
 * @returns what the move returned
 * @throws RefusedError before a server is stopped where the move would be refused, PartialError with what is left to do
 */
export async function withServersStopped(
    options: RunOptions,
    stopped: StoppedServersOptions,
    work: (options: RunOptions) => Promise<string>,
): Promise<string> {
    const { move, verb, nova, batch } = stopped;
    const { backend, parts, version, source = {}, signal, found, doing, breakLock } = options;
    const { topology, cinder } = parts;
    const power = {
        ...{ topology, backend, cinder, nova, version, source, batch, signal, found, doing },
        ...(breakLock === undefined ? {} : { breakLock }),
    };
    // Before a server is stopped or started for a move that is another backend's, or too old.
    const own = await backendKey(parts, backend);
    const isResumed = moveToGoOnWith(verb, own, stopped.id, breakLock) !== undefined;
    // A move that is gone on with has its consents in its journal.
    const { failed, isPartial } = isResumed
        ? { failed: 0, isPartial: false }
        : await stopInTime(options, stopped, power);
    if (failed > 0)
        endInPart(
            options,
            `nothing was moved: ${String(failed)} servers did not stop, the others wait for their start`,
            ["--start"],
        );
    let id: string;
    let isMoved = false;
    const moved = () => {
        isMoved = true;
    };
    try {
        const stoppedAt = await lookAtBoth(options);
        try {
            refuseUsed(stoppedAt, move);
        } catch (error) {
            if (!isResumed) throw error;
            // Its hosts may be frozen or half moved: nothing is started on them.
            endInPart(options, wordsOf(error), ["--reattach", "--start"]);
        }
        const survey = await untilReplayed(options, move, stoppedAt);
        const accepted = isPartial ? options : acceptedWith(options, consentsOf(survey, move));
        id = await work({ ...accepted, reattaches: true, moved });
    } catch (error) {
        if (!(error instanceof ServersLeftError))
            await afterFailure(options, power, error, isMoved);
        throw error;
    }
    await seeToServers(options, power);
    return id;
}
