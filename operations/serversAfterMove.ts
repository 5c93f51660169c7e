import { wordsOf } from "../core/problem";
import { UnequalError } from "./compareBytes";
import { PartialError, RefusedError } from "./operationEnd";
import type { RunOptions } from "./run";
import { unfinishedStop, type PowerOptions } from "./serversPower";
import { startServers, type Started } from "./serversStart";
import { reattach } from "./serversSession";
import { LockedError } from "./siteLock";

/** Servers are left as they are, and that is told. */
export class ServersLeftError extends PartialError {}

/** Servers are left: says so beside the error, which is all that the command line prints of it. */
export function leave(
    { backend, found }: Pick<RunOptions, "backend" | "found">,
    fact: string,
    verbs: readonly ("--reattach" | "--start")[],
): string[] {
    const left = verbs.map((verb) => `\`cinder-dr servers --backend ${backend.section} ${verb}\``);
    found({ state: "problem", subject: "servers", fact, next: left.join("; ") });
    return left;
}

/** @throws ServersLeftError with what is left to do; told as a finding too */
export function endInPart(
    options: RunOptions,
    fact: string,
    verbs: readonly ("--reattach" | "--start")[],
): never {
    throw new ServersLeftError(fact, leave(options, fact, verbs));
}

/** Ends a stop whose move was refused: the connections are as they were, so the servers start as they are. */
async function startAgain(options: RunOptions, power: PowerOptions): Promise<void> {
    if ((await unfinishedStop(power)) === undefined) return;
    let started: Started;
    try {
        started = await startServers(power);
    } catch (error) {
        // The volumes have moved before, or somebody has interrupted it: what came before is the error to end with.
        leave(options, wordsOf(error), ["--reattach", "--start"]);
        return;
    }
    const { failed, held } = started;
    if (held > 0) {
        leave(options, `${String(held + failed)} servers are not started`, [
            "--reattach",
            "--start",
        ]);
        return;
    }
    if (failed > 0)
        endInPart(options, `nothing was moved, and ${String(failed)} servers did not start`, [
            "--start",
        ]);
}

/** Gives every server its new connection, and starts those that were stopped and got it. @throws ServersLeftError */
async function bringBack(options: RunOptions, power: PowerOptions): Promise<void> {
    const { failed, notBegun, byHand } = await reattach({
        ...power,
        servers: [],
        maxFailures: Number.MAX_SAFE_INTEGER,
        planned: () => undefined,
    });
    const open = failed.length + notBegun.length + byHand.length;
    const isWaiting = (await unfinishedStop(power)) !== undefined;
    const started = isWaiting ? await startServers(power) : { failed: 0, held: 0 };
    if (open > 0)
        endInPart(
            options,
            `the volumes are moved, and ${String(open)} servers do not lead to them: those are not started`,
            ["--reattach", "--start"],
        );
    if (started.failed + started.held > 0)
        endInPart(options, "the volumes are moved, and not every server started", ["--start"]);
}

/** {@link bringBack}; whatever keeps it from that ends as done in part. @throws ServersLeftError */
export async function seeToServers(options: RunOptions, power: PowerOptions): Promise<void> {
    try {
        await bringBack(options, power);
    } catch (error) {
        if (error instanceof ServersLeftError) throw error;
        // Alone it would stand for «nothing was changed».
        const fact = `the volumes are moved, and their servers are not seen to: ${wordsOf(error)}`;
        endInPart(options, fact, ["--reattach", "--start"]);
    }
}

/**
 * Sees to the servers of a move that failed with `error`, which stays the one to end with; names those that are left.
 * @param unproven undefined where not every host has moved; else the ids of volumes that no server may start on
 */
export async function afterFailure(
    options: RunOptions,
    power: PowerOptions,
    error: unknown,
    unproven: readonly string[] | undefined,
): Promise<void> {
    const isUnequal = error instanceof UnequalError;
    if (unproven !== undefined && !isUnequal && !options.signal.aborted) {
        await seeToServers(options, { ...power, unproven }).catch((trouble: unknown) => {
            if (!(trouble instanceof ServersLeftError)) throw trouble;
        });
        return;
    }
    if (error instanceof RefusedError || error instanceof LockedError) {
        await startAgain(options, power);
        return;
    }
    if ((await unfinishedStop(power)) === undefined) return;
    const fact = isUnequal
        ? "those that were stopped are left so: what they write may overwrite the better copy of an image"
        : "those that were stopped for the move are left so; who goes on with it starts them after it";
    leave(options, fact, ["--reattach", "--start"]);
}
