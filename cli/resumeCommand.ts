import type { Command } from "commander";

import { COMPARE_BYTES } from "../core/duration";
import { RESYNC_ONLY, SETTLED, type Begun } from "../core/operation";
import { consentsSaid } from "../core/reportConsents";
import { failback, failbackMove } from "../operations/failback";
import { failoverForced } from "../operations/failoverForced";
import { failoverPlanned, plannedMove } from "../operations/failoverPlanned";
import { readJournal } from "../operations/journalFolder";
import { resyncOnly } from "../operations/resyncOnly";
import type { RunOptions } from "../operations/run";
import { chosen, refuseUndo } from "./chosenOperation";
import { sourceIn } from "./completing";
import type { Done } from "./exitCode";
import { runOperation, wholeNumber, withOperation, type OperationFlags } from "./operation";
import { perhapsStopping } from "./stopServers";
import { UsageError } from "./topologyFile";

interface ResumeFlags extends OperationFlags {
    compareBytes?: string;
    undoRows?: boolean;
    writeRows?: boolean;
    writeAllRows?: boolean;
    fenced?: string;
    rbdMirrorStopped?: boolean;
}

/** Consents that its journal keeps; of what was seen done since, a fork of later needs another word. */
function recordedLosses({ id, flags }: Begun): string[] {
    const losses = Array.isArray(flags.acceptLoss) ? (flags.acceptLoss as string[]) : [];
    const isSettled = readJournal(id).some(({ step }) => step === SETTLED);
    return losses.filter((loss) => !(isSettled && loss.startsWith("discarded=")));
}

const text = (value: unknown): string | undefined =>
    typeof value === "string" ? value : undefined;
const count = (value: unknown, fallback: number): number =>
    typeof value === "number" ? value : fallback;

/** A fence is open again one day: the word of the command's begin holds for an hour after its last entry. */
const FENCE_MINUTES = 60;

function fenceOf({ id, flags }: Begun): string | undefined {
    const last = Date.parse(readJournal(id).at(-1)?.at ?? "");
    const minutes = Math.abs(Date.now() - last) / 60_000;
    return minutes <= FENCE_MINUTES ? text(flags.fenced) : undefined;
}

const COMPARE_FLAG = "--compare-bytes";

/** @throws UsageError for what another verb would take no notice of */
function refuseCompare({ id, verb }: Begun, { compareBytes }: ResumeFlags): void {
    if (compareBytes !== undefined && verb !== failbackMove.verb)
        throw new UsageError(
            `${COMPARE_FLAG} must stand with a failback: operation ${id} is a \`${verb}\``,
        );
}

function goOn(begun: Begun, given: ResumeFlags): (options: RunOptions) => Promise<string> {
    const { id, verb, flags } = begun;
    const said = consentsSaid(given);
    // What was stopped for the move is to be re-attached and started after it, whoever ends it.
    const stop = { stopServers: flags.stopServers === true, batch: count(flags.batch, 1) };
    switch (verb) {
        case plannedMove.verb:
            return perhapsStopping(
                stop,
                plannedMove,
                (options) => failoverPlanned({ ...options, said }, flags, id),
                id,
            );
        case "failover --forced": {
            const fenced = given.fenced ?? fenceOf(begun);
            const writeAllRows = flags.writeAllRows === true || given.writeAllRows === true;
            const more = {
                ...(fenced === undefined ? {} : { fenced }),
                mirrorStopped: flags.mirrorStopped === true || given.rbdMirrorStopped === true,
                writeRows: flags.writeRows === true || given.writeRows === true || writeAllRows,
                writeAllRows,
                undo: given.undoRows === true,
            };
            return (options) => failoverForced({ ...options, ...more, said }, flags, id);
        }
        case failbackMove.verb: {
            const limits = {
                resyncSeconds: count(flags.resyncSeconds, 14_400),
                compareBytes:
                    given.compareBytes === undefined
                        ? count(flags.compareBytes, COMPARE_BYTES)
                        : wholeNumber(COMPARE_FLAG, given.compareBytes),
            };
            return perhapsStopping(
                stop,
                failbackMove,
                (options) => failback({ ...options, ...limits, said }, flags, id),
                id,
            );
        }
        case RESYNC_ONLY: {
            const resyncSeconds = count(flags.resyncSeconds, 14_400);
            return (options) => resyncOnly({ ...options, resyncSeconds, said }, flags, id);
        }
        default:
            throw new Error(`${verb} is no move`);
    }
}

export const resumeCommand = (root: Command, done: Done): Command =>
    withOperation(
        root
            .command("resume")
            .description("go on with an operation that was cut short, or say what to decide")
            .argument("[id]", "the operation (needed when several of a backend were cut short)")
            .option("--write-rows", "of a forced failover: write rows where Cinder refuses")
            .option(
                "--write-all-rows",
                "of a forced failover: write the rows of every host that has not moved yet",
            )
            .option(
                "--rbd-mirror-stopped",
                "of a forced failover: you have stopped the secondary's rbd-mirror yourself",
            )
            .option(
                "--fenced <how>",
                "of a forced failover: the primary is back, and cut off from every client in this way",
            )
            .option(
                `${COMPARE_FLAG} <n>`,
                "of a failback: bytes of each image compared on both sites at the end, instead of its begin's; 0 compares none",
            )
            .option(
                "--undo-rows",
                "of a forced failover: put back the rows it wrote, instead of going on",
            ),
    ).action(async (id: string | undefined, flags: ResumeFlags) => {
        const begun = chosen(id, flags.undoRows === true, flags.backend);
        if (flags.undoRows === true) refuseUndo(begun);
        refuseCompare(begun, flags);
        const own = sourceIn(begun.flags);
        const isNamed = flags.stack !== undefined || flags.topology !== undefined;
        const isOther = flags.stack !== own.stack || flags.topology !== own.topology;
        // The journal keeps its own source: who goes on with another one must name that again.
        const resumed = isNamed && isOther ? { resumed: begun.id } : {};
        const acceptLoss = [...recordedLosses(begun), ...(flags.acceptLoss ?? [])];
        const whole = {
            ...flags,
            ...(isNamed ? {} : own),
            ...resumed,
            acceptLoss,
            backend: begun.backend,
        };
        done(await runOperation(`resume ${begun.verb}`, whole, goOn(begun, flags)));
    });
