import type { Blocker } from "./blocker";
import { blockersOf } from "./blockers";
import { consentFlag, consentsOf, volumes, type Consent } from "./consents";
import { durationOf, durationText, type Duration } from "./duration";
import { forcedLoss, type Loss, type Rates } from "./loss";
import { curedByFailback } from "./failback";
import type { Measured } from "./measured";
import { pausedLines } from "./mirroredPools";
import { otherLines } from "./otherHosts";
import type { Pair } from "./replica";
import { roomWarnings } from "./room";
import { activeSideOf, otherSide } from "./service";
import {
    replicated,
    subjectOf,
    targetOf,
    unmarked,
    unreplicated,
    type Move,
    type Survey,
} from "./survey";
import { livingBlockers, silenceOf } from "./witnesses";

export interface Preflight {
    move: Move;
    backend: string;
    to: string;
    /** Volumes that move. */
    moves: string[];
    /** Volumes that go to `error`, with how many snapshots. */
    errors: string[];
    snapshotErrors: number;
    attached: { volume: string; servers: string[]; bootable: boolean }[];
    projects: string[];
    /** Bound on what is lost in seconds; undefined when nothing bounds it. */
    lossSeconds?: number;
    /** The bound with what it rests on, or why there is none. */
    loss: string;
    /** How long it will take, part by part. */
    duration: Duration;
    consents: Consent[];
    /**
     * What does not stop the move: of the target, what may soon; what is left alone; of a forced one, which other pools are not
     * replicated meanwhile, and why the primary is no witness.
     */
    warnings: string[];
    /** What the move would refuse; a forced one goes past a living primary with `--fenced` alone. */
    blockers: Blocker[];
}

function lossOfMove(
    survey: Survey,
    move: Move,
    moved: readonly Pair[],
    consents: readonly Consent[],
    rates: Rates,
): Loss {
    if (move === "planned") return { seconds: 0, text: "none" };
    if (move === "forced") return forcedLoss(survey, moved, rates);
    const loses = consents.some(({ name }) => name === "discarded" || name === "left-behind");
    return { text: loses ? "only what is consented to below" : "none" };
}

/** What a failback mends on its own way, with consent to what it discards, is no reason not to begin it. */
function inTheWay(survey: Survey, move: Move): Blocker[] {
    const cured = move === "failback" ? curedByFailback(survey) : new Set<string>();
    return blockersOf(survey, move).map((one) =>
        cured.has(one.subject) ? { ...one, settles: true } : one,
    );
}

/**
 * @param measured the last whole move of this kind here
 * @param rates growth of the journals in entries a second; empty where it was not sampled
 */
export function preflightOf(
    survey: Survey,
    move: Move,
    measured?: Measured,
    rates: Rates = new Map(),
    byRows = false,
): Preflight {
    const active = otherSide(targetOf(move));
    // A dead site cannot be asked: what has no image on the target cannot move.
    const asked = move === "forced" ? "secondary" : active;
    const moved = replicated(survey).filter((pair) => pair[asked] !== undefined);
    const lost = new Set(unreplicated(survey).concat(unmarked(survey, asked)));
    const errors = move === "failback" ? [] : [...lost];
    const errorIds = new Set(errors.map(({ volume }) => volume.id));
    const consents = consentsOf(survey, move);
    // On the secondary already there is nothing to force.
    const isThere = activeSideOf(survey.rows, survey.backend) === targetOf(move);
    const needsFence = move === "forced" && !isThere;
    const loss = lossOfMove(survey, move, moved, consents, rates);
    return {
        move,
        backend: survey.backend.section,
        to: survey.names[targetOf(move)],
        moves: moved.map(subjectOf),
        errors: errors.map(subjectOf),
        snapshotErrors: survey.snapshots.filter((s) => errorIds.has(s.volumeId)).length,
        attached: survey.pairs
            .filter(({ volume }) => volume.servers.length > 0)
            .map((pair) => ({
                volume: subjectOf(pair),
                servers: pair.volume.servers,
                bootable: pair.volume.bootable,
            })),
        projects: [...new Set(survey.pairs.map(({ volume }) => volume.project))].sort(),
        ...(loss.seconds === undefined ? {} : { lossSeconds: loss.seconds }),
        loss: loss.text,
        duration: durationOf(survey, move, moved, measured, byRows),
        consents,
        warnings: [
            ...roomWarnings(survey, targetOf(move)).map(
                ({ subject, fact, next }) => `${subject}: ${fact}; ${next ?? ""}`,
            ),
            ...otherLines(survey),
            ...(move === "forced" ? pausedLines(survey) : []),
            ...(needsFence ? silenceOf(survey) : []),
        ],
        blockers: [...inTheWay(survey, move), ...(needsFence ? livingBlockers(survey) : [])],
    };
}

/** The plan as lines, as it is shown before anything is done. */
export function planLines(plan: Preflight): string[] {
    const names = (list: string[]) =>
        `${list.slice(0, 5).join(", ")}${list.length > 5 ? ", …" : ""}`;
    return [
        `${plan.backend} moves to ${plan.to}: ${volumes(plan.moves.length)}${plan.moves.length > 0 ? `: ${names(plan.moves)}` : ""}`,
        ...(plan.errors.length > 0
            ? [
                  `${volumes(plan.errors.length)} and ${String(plan.snapshotErrors)} snapshot(s) go to error: ${names(plan.errors)}`,
              ]
            : []),
        ...plan.attached.map(
            ({ volume, servers, bootable }) =>
                `${volume} is attached to ${servers.join(", ")}${bootable ? " (may boot from it)" : ""}: it keeps the old cluster's connection until it is re-attached`,
        ),
        `projects concerned: ${plan.projects.join(", ") || "none"}`,
        `data loss: ${plan.loss}`,
        `expected: ${durationText(plan.duration)}`,
        ...plan.warnings.map((warning) => `warning: ${warning}`),
        ...plan.consents.map((consent) => `needs ${consentFlag(consent)}: ${consent.means}`),
    ];
}
