import { noteOf } from "../core/operation";
import { curedByFailback, needsResync, nothingLost } from "../core/failback";
import { activeSide } from "../core/service";
import { leftBehind, replicated, subjectOf, type Survey } from "../core/survey";
import { agree, refuseBlocked } from "./agree";
import { compareStep } from "./compareBytes";
import { gate, gateRest } from "./gate";
import { thawStep } from "./freeze";
import { calledHosts, lookAtBoth, rowsNow } from "./moveBackend";
import { countAgain, markBefore, markedWhole } from "./markPlain";
import { refuseCopies } from "./refuseCopies";
import { discardStep, giveUp } from "./resync";
import { waitReady } from "./resyncWait";
import { PartialError } from "./operationEnd";
import { proveReverse } from "./proveReverse";
import { operate, phase, type Run, type RunOptions } from "./run";
import { restartBehind } from "./restartBehind";
import { restore } from "./savedStatuses";
import { leaveServers } from "./serversLeft";
import { moveAndVerify } from "./verifyMove";

export interface FailbackOptions extends RunOptions {
    /** How long resyncing may take. */
    resyncSeconds: number;
    /** Bytes of each image that are compared at the end; an image with less is compared in whole. 0 compares none. */
    compareBytes: number;
}

/**
 * Faults of images that a resync or time cures are no reason to refuse before it.
 * @throws RefusedError with what stands in the way of a failback
 */
export function refuseFailback(survey: Survey, accepted: ReadonlyMap<string, number>): void {
    const curable = curedByFailback(survey);
    refuseBlocked(survey, "failback", accepted, ({ subject }) => curable.has(subject));
}

async function prepare(run: Run, { resyncSeconds }: FailbackOptions): Promise<void> {
    const survey = await lookAtBoth(run);
    await markBefore(run, survey);
    await discardStep(run, survey);
    await phase(
        run,
        "resync",
        () => waitReady(run, resyncSeconds),
        (n) => `${String(n)} images on ${run.parts.names.primary} replay with nothing behind`,
    );
    const moving = await phase(
        run,
        "gate",
        async () => replicated(await gate(run, "failback")).map(nothingLost),
        (volumes) => `frozen; ${String(volumes.length)} images are ready`,
    );
    const ids = moving.map(({ volume }) => volume);
    run.journal.append({ kind: "noted", step: "moving", data: ids });
    run.journal.append({ kind: "noted", step: "losses", data: moving });
}

/** The journal's note of volumes whose data stays on the secondary. */
const LEFT_BEHIND = "left behind";

/** Names what the failback has not taken along. */
export function leaveVolumes({ journal, left, parts }: Run, survey: Survey): void {
    const noted = noteOf(journal.entries, LEFT_BEHIND) as string[] | undefined;
    const names = noted ?? leftBehind(survey).map(subjectOf);
    // Once statuses are given back, they no longer tell what the failover itself had put into error.
    if (noted === undefined) journal.append({ kind: "noted", step: LEFT_BEHIND, data: names });
    const { primary, secondary } = parts.names;
    if (names.length > 0)
        left.push(
            `the data of ${String(names.length)} volume(s) is on ${secondary} only, or newer there: ${names.join(", ")}; copy each image over to ${primary} with \`rbd export\` and \`rbd import\`, or delete the volume, whose image on ${secondary} stays`,
        );
}

async function body(run: Run, options: FailbackOptions): Promise<string> {
    const { journal, parts } = run;
    if (calledHosts(journal).length > 0) await gateRest(run, "failback");
    else await prepare(run, options);
    const moving = noteOf(journal.entries, "moving") as string[];
    const { wrong, unproven } = await moveAndVerify(run, "primary", moving);
    const survey = await lookAtBoth(run);
    leaveVolumes(run, survey);
    await phase(
        run,
        "restart",
        () => restartBehind(run, survey),
        (hosts) =>
            hosts.length === 0
                ? "no host needs it"
                : `${hosts.join(", ")} came up again on ${parts.names.primary}`,
    );
    await thawStep(run);
    const rows = await rowsNow(run);
    const stray = rows.filter(
        (row) => activeSide(row, run.backend) !== "primary" || row.replication_status !== "enabled",
    );
    // One late image of thousands must not keep every server down.
    if (stray.length === 0) run.moved?.(unproven);
    if (wrong.length > 0 || stray.length > 0)
        throw new PartialError(
            [
                ...wrong.map((w) => `${w.volume}: ${w.fact}`),
                ...stray.map((row) => `${row.host} is ${row.replication_status ?? "null"}`),
            ].join("; "),
            [
                "`cinder-dr status --volumes` says what each lacks",
                ...stray.map((row) => `restart cinder-volume of ${row.host}`),
            ],
        );
    await finish(run, options, moving);
    return `${String(moving.length)} volumes are back on ${parts.names.primary}, and replicate to ${parts.names.secondary}`;
}

async function finish(
    run: Run,
    options: FailbackOptions,
    moving: readonly string[],
): Promise<void> {
    const { journal, parts } = run;
    const step = async <T>(name: string, work: () => Promise<T>, fact: (result: T) => string) => {
        run.doing(name);
        const result = await journal.always(name, work);
        run.found({ state: "ok", subject: name, fact: fact(result) });
    };
    await step(
        "restore",
        () => restore(run, new Set(moving)),
        ({ volumes, snapshots }) =>
            `${String(volumes)} volume(s) and ${String(snapshots)} snapshot(s) have their status from before the failover`,
    );
    await step(
        "replication",
        () => proveReverse(run, "primary", moving),
        (last) => `${last} on ${parts.names.secondary}`,
    );
    const survey = await lookAtBoth(run);
    const whole = markedWhole(journal, survey);
    if (whole.length > 0)
        await step(
            "count again",
            () => countAgain(run, survey, whole),
            (n) =>
                `${String(n)} volume(s) that were whole on ${parts.names.primary} alone count as replicated again`,
        );
    await compareStep(run, survey, moving, options.compareBytes);
    await leaveServers(run, moving);
}

/** What `--stop-servers` must know of it. */
export const failbackMove = {
    move: "failback",
    verb: "failback",
    refuse: (survey: Survey, accepted: ReadonlyMap<string, number>): void => {
        refuseFailback(survey, accepted);
        refuseCopies(survey);
    },
} as const;

/**
 * Takes a backend back to its designed primary, when every image there is proven to hold what the secondary has.
 * Throws away only what the operator gave up by name and number, and only on the side that is not active.
 */
export async function failback(
    options: FailbackOptions,
    flags: Record<string, unknown>,
    id?: string,
): Promise<string> {
    return operate(options, {
        verb: failbackMove.verb,
        locks: ["secondary", "primary"],
        flags,
        ...(id === undefined ? {} : { id }),
        body: async (run) => {
            const begun = run.journal.entries.some((e) =>
                ["given up", "frozen", "moving"].includes(e.step ?? ""),
            );
            if (!begun) {
                const survey = await lookAtBoth(run);
                agree(run, survey, "failback", () => {
                    refuseFailback(survey, run.accepted);
                });
                giveUp(run, survey.pairs.filter(needsResync));
            }
            return body(run, options);
        },
    });
}
