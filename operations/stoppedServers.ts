import { consentsOf } from "../core/consents";
import { wordsOf } from "../core/problem";
import { otherSide } from "../core/service";
import { subjectOf, targetOf, type Move, type Survey } from "../core/survey";
import { backendKey } from "./backendKey";
import { moveToGoOnWith } from "./goingOn";
import { lookAtBoth } from "./moveBackend";
import { RefusedError } from "./operationEnd";
import { untilReplayed } from "./replayedAfterStop";
import type { RunOptions } from "./run";
import { afterFailure, endInPart, seeToServers, ServersLeftError } from "./serversAfterMove";
import { acceptedWith, stopInTime, type StoppedServersOptions } from "./stopInTime";

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
        : await stopInTime(options, stopped, power, own);
    if (failed > 0)
        endInPart(
            options,
            `nothing was moved: ${String(failed)} servers did not stop, the others wait for their start`,
            ["--start"],
        );
    let id: string;
    let unproven: readonly string[] | undefined;
    const moved = (ids: readonly string[]) => {
        unproven = ids;
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
            await afterFailure(options, power, error, unproven);
        throw error;
    }
    await seeToServers(options, power);
    return id;
}
