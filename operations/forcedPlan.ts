import type { Blocker } from "../core/blocker";
import { isSeen } from "../core/replica";
import { activeSide } from "../core/service";
import { consentsSaid } from "../core/reportConsents";
import { lossOf } from "../core/pairLoss";
import { replicated, type Survey } from "../core/survey";
import { livingBlockers } from "../core/witnesses";
import { agree, refuseBlocked } from "./agree";
import type { RowsAllowed } from "./forcedWays";
import { RefusedError } from "./operationEnd";
import type { Run, RunOptions } from "./run";
import { seatsOf } from "./rowSeats";
import { refuseUnwritable } from "./rowWriters";
import { statusesOf } from "./savedStatuses";
import { lookAt } from "./takeSurvey";

export interface ForcedOptions extends RunOptions, RowsAllowed {
    /** How the primary was fenced, in the operator's words; needed when anything still reaches it. */
    fenced?: string;
    /** The operator has stopped the target's rbd-mirror himself. */
    mirrorStopped?: boolean;
    /** Put back the rows that the operation wrote, instead of going on. */
    undo?: boolean;
}

function refuseLiving(survey: Survey, fenced: string | undefined): void {
    const seen = livingBlockers(survey);
    if (seen.length === 0 || fenced !== undefined) return;
    throw new RefusedError(
        "refused, nothing was changed: the primary lives, and its writers would go on beside the secondary's",
        seen,
    );
}

/** Whoever cannot be stopped, or whose rows nobody could write then, is known before anything is done. */
export function refuseUnstoppable(run: Run, survey: Survey): void {
    const { rows, backend } = survey;
    try {
        seatsOf(
            run,
            survey,
            rows.filter((row) => activeSide(row, backend) !== "secondary"),
        );
    } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        throw new RefusedError(
            `refused, nothing was changed: ${error.message}; without --write-all-rows Cinder moves what lives`,
            error.blockers,
        );
    }
}

/**
 * Refuses to go on where the primary is back and hosts are still to be moved: Cinder would demote its images, and nobody
 * would replay that.
 */
export function refuseReturned(survey: Survey, fenced: string | undefined): void {
    const isLeft = survey.rows.some((row) => activeSide(row, survey.backend) !== "secondary");
    if (isLeft) refuseLiving(survey, fenced);
}

export function record(run: Run, survey: Survey): void {
    run.journal.append({ kind: "noted", step: "statuses", data: statusesOf(survey) });
    const moving = replicated(survey).filter((pair) => pair.secondary !== undefined);
    run.journal.append({
        kind: "noted",
        step: "losses",
        data: moving.map((pair) => ({
            volume: pair.volume.id,
            name: pair.volume.name,
            ...lossOf(pair, "primary", survey),
        })),
    });
    run.journal.append({
        kind: "noted",
        step: "moving",
        data: moving.map(({ volume }) => ({ id: volume.id, image: volume.image })),
    });
}

/**
 * Whether it is no reason to refuse that Cinder is on the target already: its primary may have died in the middle of a
 * planned move, which ends no rbd-mirror and proves no write, or its operator's machine before the hosts were given back.
 */
export const isToProve = (
    { isSo }: Blocker,
    { views }: Survey,
    fenced: string | undefined,
): boolean => isSo === true && (!isSeen(views.primary) || fenced !== undefined);

/** Looks once more, now that the secondary's rbd-mirror would have heard of a living primary. */
async function refuseHeard({ parts, backend }: Run, { views, names }: Survey): Promise<void> {
    const again = await lookAt(parts, "secondary", backend.pool);
    const first = views.secondary;
    if (!isSeen(again) || !isSeen(first)) {
        const unseen = [again, first].flatMap((view) => (isSeen(view) ? [] : [view.unseen]));
        throw new RefusedError(
            "refused, nothing was changed: nobody knows whether the primary's rbd-mirror still reports to the secondary",
            [
                {
                    subject: `site ${names.secondary}`,
                    fact: `cannot be asked a second time: ${unseen.join("; ")}`,
                    next: "its admin host and cluster must answer",
                },
            ],
        );
    }
    const heard = Object.entries(again.images).some(([name, image]) =>
        image.peers.some(
            (peer) => peer.lastUpdate > (first.images[name]?.peers[0]?.lastUpdate ?? Infinity),
        ),
    );
    if (heard)
        throw new RefusedError(
            "refused, nothing was changed: the primary's rbd-mirror has just reported to the secondary: the site lives, and only we are cut off from it",
        );
}

/** Shows the plan and records each consent. @throws RefusedError where something stands in its way, or the primary lives */
export async function plan(run: Run, survey: Survey, options: ForcedOptions): Promise<void> {
    const { journal, accepted } = run;
    // A failover that hangs in a service that is down is what --write-rows is for.
    const words = options.writeRows === true ? new Map([...accepted, ["write-rows", 1]]) : accepted;
    const refuse = () => {
        const curable = (stop: Blocker) =>
            stop.settles === true || isToProve(stop, survey, options.fenced);
        refuseBlocked(survey, "forced", words, curable);
        refuseLiving(survey, options.fenced);
        if (options.writeRows === true) refuseUnwritable(survey);
        if (options.writeAllRows === true) refuseUnstoppable(run, survey);
    };
    agree(run, survey, "forced", refuse, options.writeAllRows);
    if (options.fenced !== undefined)
        journal.append({
            kind: "consented",
            data: {
                flag: `--fenced '${options.fenced}'`,
                means: "the primary cannot be written by any client",
            },
        });
    const { writeRows, writeAllRows } = options;
    for (const data of consentsSaid(writeAllRows === true ? { writeAllRows } : { writeRows }))
        journal.append({ kind: "consented", data });
    if (options.fenced === undefined) await refuseHeard(run, survey);
}
