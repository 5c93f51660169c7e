import { consentsOf, type Consent } from "../core/consents";
import { planLines, preflightOf } from "../core/preflight";
import { otherSide } from "../core/service";
import { subjectOf, targetOf, type Move, type Survey } from "../core/survey";
import { openJournalOf } from "./journal";
import { lookAtBoth } from "./moveBackend";
import type { Nova } from "./nova";
import { PartialError, RefusedError } from "./operationEnd";
import { checkConsents, type RunOptions } from "./run";
import { startServers, stopServers, unfinishedStop, type PowerOptions } from "./serversPower";
import { reattach } from "./serversSession";
import { LockedError } from "./siteLock";

export interface StoppedServersOptions {
    move: Exclude<Move, "forced">;
    /** Fails when the move would refuse what it finds. */
    refuse: (survey: Survey, accepted: ReadonlyMap<string, number>) => void;
    /** Verb of the move's journal. */
    verb: string;
    nova: Nova;
    /** Servers worked on at a time. */
    batch: number;
}

/** The operator's word with the volumes of the servers, which are stopped for the move and so lose no write. */
function acceptedWith(options: RunOptions, consents: readonly Consent[]): RunOptions {
    const open = consents.find(({ name }) => name === "attached");
    if (open === undefined) return options;
    return { ...options, accepted: new Map([...options.accepted, [open.name, open.count]]) };
}

/** Refuses what the move itself would refuse, while every server still runs; shows the plan then, as the move would. */
function refuseEarly(
    options: RunOptions,
    survey: Survey,
    { move, refuse }: StoppedServersOptions,
): void {
    const consents = consentsOf(survey, move);
    const { accepted } = acceptedWith(options, consents);
    try {
        refuse(survey, accepted);
        checkConsents(consents, accepted);
    } catch (error) {
        options.planned(planLines(preflightOf(survey, move)));
        throw error;
    }
}

/** What has an image open though every server of it is stopped: no server of Nova's, and so not to be stopped here. */
function refuseUsed(survey: Survey, move: Move): void {
    const active = otherSide(targetOf(move));
    const used = survey.pairs.filter((pair) => (pair[active]?.users ?? []).length > 0);
    if (used.length === 0) return;
    throw new RefusedError(
        "refused: the servers are stopped, and something else has images open",
        used.map((pair) => ({
            subject: subjectOf(pair),
            fact: `open by ${(pair[active]?.users ?? []).slice(0, 3).join(", ")}`,
            next: "stop it; its writes would become I/O errors",
        })),
    );
}

/** Ends a stop whose move was refused: the connections are as they were, so the servers start as they are. */
async function startAgain(power: PowerOptions): Promise<void> {
    if (unfinishedStop(power.backend.section) === undefined) return;
    const failed = await startServers(power);
    if (failed > 0)
        throw new PartialError(`nothing was moved, and ${String(failed)} servers did not start`, [
            "cinder-dr servers --start",
        ]);
}

/** Gives every server its new connection, and starts those that were stopped. @throws PartialError */
async function bringBack(options: RunOptions, power: PowerOptions): Promise<void> {
    const left = ["cinder-dr servers --reattach", "cinder-dr servers --start"];
    const { failed, notBegun, byHand } = await reattach({
        ...power,
        topology: options.parts.topology,
        servers: [],
        maxFailures: Number.MAX_SAFE_INTEGER,
        planned: () => undefined,
    });
    const open = failed.length + notBegun.length + byHand.length;
    if (open > 0)
        throw new PartialError(
            `the volumes are moved, and ${String(open)} servers do not lead to them: none was started`,
            left,
        );
    if (unfinishedStop(power.backend.section) === undefined) return;
    if ((await startServers(power)) > 0)
        throw new PartialError("the volumes are moved, and not every server started", [
            "cinder-dr servers --start",
        ]);
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
    const { backend, parts, version, signal, found, doing } = options;
    const power = { backend, cinder: parts.cinder, nova, version, batch, signal, found, doing };
    if (openJournalOf(verb, backend.section) === undefined) {
        refuseEarly(options, await lookAtBoth(options), stopped);
        const failed = await stopServers({ ...power, before: verb });
        if (failed > 0)
            throw new PartialError(`nothing was moved: ${String(failed)} servers did not stop`, [
                "`cinder-dr servers --start` starts those that did",
            ]);
    }
    let id: string;
    try {
        const survey = await lookAtBoth(options);
        refuseUsed(survey, move);
        id = await work(acceptedWith(options, consentsOf(survey, move)));
    } catch (error) {
        if (error instanceof RefusedError || error instanceof LockedError) await startAgain(power);
        throw error;
    }
    await bringBack(options, power);
    return id;
}
