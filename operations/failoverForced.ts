import { isSeen, type PoolView } from "../core/replica";
import { lossOf, replicated, subjectOf, type Survey } from "../core/survey";
import { ROLES } from "../core/topology/site";
import { livingBlockers } from "../core/witnesses";
import { agree, refuseBlocked } from "./agree";
import { moveByWays, waysOf, type Ways } from "./forcedWays";
import { promoteLeft } from "./leftBehind";
import type { Journal } from "./journal";
import { MirrorDaemons } from "./mirrorDaemons";
import { thaw } from "./moveBackend";
import { hasChanged, PartialError, RefusedError } from "./operationEnd";
import { both } from "./parallel";
import { operate, phase, type Run, type RunOptions } from "./run";
import { statusesOf } from "./savedStatuses";
import { undoRows } from "./serviceRows";
import { lookAt, takeSurvey } from "./takeSurvey";
import { verifyStep } from "./verifyMove";

/** A dead site is given up after this; a living one answers within a second. */
const DEAD_SECONDS = 5;
const WRITABLE_SECONDS = 300;
/** The journal's step with the names of the target's rbd-mirror daemons. */
const DAEMONS = "rbd-mirror daemons";

/** The daemons that an operation ends; noted before, so that a killed run's are started again. */
const stoppedDaemons = ({ entries }: Journal): string[] | undefined =>
    entries.findLast((e) => e.step === DAEMONS)?.data as string[] | undefined;

export interface ForcedOptions extends RunOptions {
    /** How the primary was fenced, in the operator's words; needed when anything still reaches it. */
    fenced?: string;
    /** The operator has stopped the target's rbd-mirror himself. */
    mirrorStopped?: boolean;
    /** The operator allows rows to be written where Cinder refuses; names what it is for in the journal. */
    writeRows?: boolean;
    /** Put back the rows that the operation wrote, instead of going on. */
    undo?: boolean;
}

const look = ({ parts, backend }: RunOptions): Promise<Survey> =>
    takeSurvey(parts, backend, { reach: ROLES, seconds: DEAD_SECONDS, living: "secondary" });

function refuseLiving(survey: Survey, fenced: string | undefined): void {
    const seen = livingBlockers(survey);
    if (seen.length === 0 || fenced !== undefined) return;
    throw new RefusedError(
        "refused, nothing was changed: the primary lives, and its writers would go on beside the secondary's",
        seen,
    );
}

/** Takes and gives back each image's write lock, and writes and reads an image of its own. */
async function proveWritable(run: Run, images: string[]): Promise<string> {
    const at = run.parts.sites.secondary;
    const { pool } = run.backend;
    const refused = await at.refusedImages(pool, { do: "writable", images }, WRITABLE_SECONDS);
    if (refused.length > 0)
        throw new PartialError(
            `${String(refused.length)} image(s) cannot be written on ${at.site.name}: ${refused.map((r) => `${r.image}: ${r.error}`).join("; ")}`,
            [
                "rbd-mirror must be stopped there (it holds the images' locks); then `cinder-dr resume`",
            ],
        );
    const name = `cinder-dr-probe-${run.journal.id}`;
    const { same } = await at.pool<{ same: boolean }>(
        pool,
        { do: "probe", name },
        WRITABLE_SECONDS,
    );
    if (!same)
        throw new PartialError(`${at.site.name} gives other bytes back than were written`, [
            `look at ${at.site.name}'s health`,
        ]);
    return `${String(images.length)} images give their write lock; a probe image was written and read back`;
}

function record(run: Run, survey: Survey): void {
    run.journal.append({ kind: "noted", step: "statuses", data: statusesOf(survey) });
    const moving = replicated(survey).filter((pair) => pair.secondary !== undefined);
    run.journal.append({
        kind: "noted",
        step: "losses",
        data: moving.map((pair) => ({
            volume: pair.volume.id,
            name: pair.volume.name,
            ...lossOf(pair, "primary", survey.views),
        })),
    });
    run.journal.append({
        kind: "noted",
        step: "moving",
        data: moving.map(({ volume }) => ({ id: volume.id, image: volume.image })),
    });
}

const saidOf = ({ byCinder, byRows }: Ways): string =>
    [
        ...(byCinder.length > 0 ? [`${byCinder.join(", ")} live`] : []),
        ...(byRows.length > 0 ? [`${byRows.join(", ")} cannot be moved by Cinder`] : []),
    ].join("; ") || "all have moved";

async function body(
    run: Run,
    options: ForcedOptions,
    survey: Survey,
    since: number,
): Promise<string> {
    const { journal, parts } = run;
    const { secondary } = parts.names;
    const moving = journal.entries.findLast((e) => e.step === "moving")?.data as {
        id: string;
        image: string;
    }[];
    const view = survey.views.secondary as PoolView;
    const daemons = new MirrorDaemons(parts.sites.secondary, parts.topology.sites.secondary);
    const units = () => stoppedDaemons(journal);
    const startAgain = () => daemons.start(units() ?? []);
    try {
        // Days may lie between: Cinder would demote a primary that is back, and nobody would replay it.
        refuseLiving(survey, options.fenced);
        const stop = async (): Promise<string> => {
            if (options.mirrorStopped === true) return "rbd-mirror was stopped before";
            const names = units() ?? (await daemons.running(view));
            journal.append({ kind: "noted", step: DAEMONS, data: names });
            return daemons.stop(names);
        };
        // While rbd-mirror is being ended, a sign of life of each service is awaited.
        const [ways] = await phase(
            run,
            "stop rbd-mirror",
            () => both(waysOf(run, survey, since, options.writeRows === true), stop()),
            ([seen, how]) => `${how}; ${saidOf(seen)}`,
        );
        await run.stillMine();
        await phase(
            run,
            "move",
            () => moveByWays(run, survey, ways, options.writeRows === true, moving.length),
            (how) => how,
        );
        const ids = moving.map(({ id }) => id);
        if (options.writeRows === true) await promoteLeft(run, survey, ids);
        const { wrong } = await verifyStep(run, "secondary", ids);
        const bad = new Set(wrong.map(({ volume }) => volume.split(" ")[0]));
        const good = moving.filter(({ id }) => !bad.has(id)).map(({ image }) => image);
        await phase(
            run,
            "writable",
            () => proveWritable(run, good),
            (fact) => fact,
        );
        journal.append({ kind: "noted", step: "phases", data: run.phases });
        await journal.always("start rbd-mirror", startAgain);
        await journal.always("thaw", () => thaw(run));
        const byHand = (units() ?? []).length === 0;
        run.found({
            state: "ok",
            subject: "thaw",
            fact: `the hosts take requests; rbd-mirror ${byHand ? "is as it was" : "runs again"}`,
        });
        if (byHand) run.left.push(`start rbd-mirror on ${secondary}, if it was stopped by hand`);
        if (wrong.length > 0)
            throw new PartialError(
                `${String(wrong.length)} volume(s) did not move: ${wrong.map((w) => `${w.volume}: ${w.fact}`).join("; ")}`,
                [
                    ...wrong.map((w) => `${w.volume}: ${w.fact}`),
                    ...(wrong.some(({ fact }) => fact.includes("failover-error"))
                        ? [
                              `\`cinder-dr resume ${journal.id} --write-rows\` promotes what Cinder has left behind, and writes its rows`,
                          ]
                        : []),
                ],
            );
    } catch (error) {
        // Nothing moved: replication must go on as before.
        if (error instanceof RefusedError) await startAgain();
        throw error;
    } finally {
        daemons.close();
    }
    run.left.push(
        `${parts.names.primary} will come back as a second primary: keep its clients away, then \`cinder-dr failback\``,
        `servers keep the old connection: \`cinder-dr servers --backend ${run.backend.section}\``,
    );
    return `${String(moving.length)} volumes are on ${secondary} and writable`;
}

async function plan(run: Run, survey: Survey, options: ForcedOptions): Promise<void> {
    const { journal, backend, accepted } = run;
    // A failover that hangs in a service that is down is what --write-rows is for.
    const words = options.writeRows === true ? new Map([...accepted, ["write-rows", 1]]) : accepted;
    agree(run, survey, "forced", () => {
        refuseBlocked(survey, "forced", words);
        refuseLiving(survey, options.fenced);
    });
    if (options.fenced !== undefined)
        journal.append({
            kind: "consented",
            data: {
                flag: `--fenced '${options.fenced}'`,
                means: "the primary cannot be written by any client",
            },
        });
    if (options.writeRows === true)
        journal.append({
            kind: "consented",
            data: { flag: "--write-rows", means: "rows are written where Cinder refuses" },
        });
    // Once more, now that the secondary's rbd-mirror would have heard of a living primary.
    const again = await lookAt(run.parts, "secondary", backend.pool, { seconds: DEAD_SECONDS });
    const first = survey.views.secondary;
    if (options.fenced === undefined && isSeen(again) && isSeen(first)) {
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
}

/** Puts back the rows that the operation wrote; what it promoted stays so, and is named. */
async function undo(run: Run): Promise<string> {
    const { journal, parts } = run;
    const { primary, secondary } = parts.names;
    const services = await undoRows(run);
    const daemons = new MirrorDaemons(parts.sites.secondary, parts.topology.sites.secondary);
    try {
        await journal.always("start rbd-mirror", () =>
            daemons.start(stoppedDaemons(journal) ?? []),
        );
    } finally {
        daemons.close();
    }
    const { pairs } = await takeSurvey(parts, run.backend, { sides: ["secondary"] });
    const promoted = pairs.filter((pair) => pair.secondary?.primary === true).map(subjectOf);
    if (promoted.length > 0)
        run.left.push(
            `${String(promoted.length)} image(s) are primary on ${secondary} still: demote and resync them there once ${primary} is proven to have all that is wanted: ${promoted.join(", ")}`,
        );
    for (const line of run.left)
        run.found({ state: "warning", subject: "undo", fact: "not all is as before", next: line });
    return `rows of ${services.join(", ")} are as they were before`;
}

/**
 * Moves a backend to the secondary when the primary is dead or cut off. What the secondary does not have is lost, and
 * each loss needs the operator's word.
 */
export async function failoverForced(
    options: ForcedOptions,
    flags: Record<string, unknown>,
    id?: string,
): Promise<string> {
    return operate(options, {
        verb: "failover --forced",
        locks: ["secondary"],
        flags,
        ...(id === undefined ? {} : { id }),
        body: async (run) => {
            if (options.undo === true) return undo(run);
            const since = performance.now();
            run.doing("asking Cinder, its hosts and both clusters");
            const survey = await look(options);
            const seconds = Math.round(performance.now() - since) / 1000;
            run.phases.push({ phase: "look", seconds });
            run.found({
                state: "ok",
                subject: "look",
                fact: `Cinder, ${String(survey.hosts.length)} host(s) and both sites were asked`,
                seconds,
            });
            // Nothing is done yet, so nothing binds to an old plan.
            if (!hasChanged(run.journal)) {
                await plan(run, survey, options);
                record(run, survey);
            }
            return body(run, options, survey, since);
        },
    });
}
