import { noteOf } from "../core/operation";
import { lossOf } from "../core/pairLoss";
import { replicated, unmarked, type Survey } from "../core/survey";
import { agree, refuseBlocked } from "./agree";
import { gate, gateRest } from "./gate";
import { thawStep } from "./freeze";
import { calledHosts, lookAtBoth } from "./moveBackend";
import { markStep } from "./markPlain";
import { PartialError } from "./operationEnd";
import { proveReverse } from "./proveReverse";
import { operate, phase, type Run, type RunOptions } from "./run";
import { statusesOf } from "./savedStatuses";
import { leaveServers } from "./serversLeft";
import { moveAndVerify } from "./verifyMove";

async function body(run: Run): Promise<string> {
    const { journal, parts } = run;
    if (calledHosts(journal).length > 0) await gateRest(run, "planned");
    else {
        const first = await lookAtBoth(run);
        const lonely = unmarked(first, "primary");
        if (lonely.length > 0) await markStep(run, first, lonely, "disabled");
        const ready = await phase(
            run,
            "gate",
            async () => {
                const seen = await gate(run, "planned");
                journal.append({ kind: "noted", step: "statuses", data: statusesOf(seen) });
                journal.append({
                    kind: "noted",
                    step: "losses",
                    data: replicated(seen).map((pair) => ({
                        volume: pair.volume.id,
                        name: pair.volume.name,
                        ...lossOf(pair, "primary", seen),
                        seconds: 0,
                    })),
                });
                return { moving: replicated(seen).map(({ volume }) => volume.id) };
            },
            ({ moving }) => `frozen; ${String(moving.length)} images are ready, nothing is behind`,
        );
        journal.append({ kind: "noted", step: "moving", data: ready.moving });
    }
    const moving = noteOf(journal.entries, "moving") as string[];
    const { wrong, unproven, isAstray } = await moveAndVerify(run, "secondary", moving);
    await thawStep(run);
    // One late image of thousands must not keep every server down.
    if (!isAstray) run.moved?.(unproven);
    if (wrong.length > 0)
        throw new PartialError(
            `${String(wrong.length)} volume(s) did not move: ${wrong.map((w) => `${w.volume}: ${w.fact}`).join("; ")}`,
            wrong.map((w) => `${w.volume}: ${w.fact}: see \`cinder-dr status --volumes\``),
        );
    run.doing("proving the way back");
    const reverse = await journal.always("replication back", () =>
        proveReverse(run, "secondary", moving),
    );
    run.found({
        state: "ok",
        subject: "replication back",
        fact: `${reverse} on ${parts.names.primary}`,
    });
    await leaveServers(run, moving);
    return `${String(moving.length)} volumes are on ${parts.names.secondary}, and replicate back`;
}

/**
 * @param stopping volumes, as blockers name them, whose servers are stopped first: what is only late of them ends with that
 * @throws RefusedError with what stands in the way of a planned failover
 */
export const refusePlanned = (
    survey: Survey,
    accepted: ReadonlyMap<string, number>,
    stopping: ReadonlySet<string> = new Set(),
): void => {
    refuseBlocked(
        survey,
        "planned",
        accepted,
        ({ settles, isLate, subject }) =>
            settles === true || (isLate === true && stopping.has(subject)),
    );
};

/** What `--stop-servers` must know of it. */
export const plannedMove = {
    move: "planned",
    verb: "failover --planned",
    refuse: refusePlanned,
} as const;

/**
 * Moves a backend to the secondary while both sites live: nothing is lost, nothing is promoted by force.
 * @throws RefusedError when anything is not ready; then nothing was changed
 */
export async function failoverPlanned(
    options: RunOptions,
    flags: Record<string, unknown>,
    id?: string,
): Promise<string> {
    return operate(options, {
        verb: plannedMove.verb,
        locks: ["secondary", "primary"],
        flags,
        ...(id === undefined ? {} : { id }),
        body: async (run) => {
            const begun = run.journal.entries.some(
                (e) => e.kind === "consented" || e.step === "frozen" || e.step === "moving",
            );
            if (!begun) {
                const survey = await lookAtBoth(run);
                agree(run, survey, "planned", () => {
                    refusePlanned(survey, run.accepted);
                });
            }
            return body(run);
        },
    });
}
