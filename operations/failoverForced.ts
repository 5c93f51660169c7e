import { noteOf } from "../core/operation";
import { isSeen } from "../core/replica";
import { consentsIn } from "../core/reportConsents";
import { type Survey } from "../core/survey";
import { askEarly, lookFirst } from "./forcedLook";
import { plan, record, refuseReturned, type ForcedOptions } from "./forcedPlan";
import { undoForced } from "./forcedUndo";
import { moveByWays, waysOf, type Ways } from "./forcedWays";
import { promoteLeft } from "./leftBehind";
import type { Journal } from "./journal";
import { LifeSigns } from "./livingServices";
import { DAEMONS, MirrorDaemons, startStopped, stoppedDaemons } from "./mirrorDaemons";
import { thaw } from "./freeze";
import { hasChanged, PartialError, RefusedError } from "./operationEnd";
import { both } from "./parallel";
import { proveWritable } from "./proveWritable";
import { startServices } from "./rowServices";
import { lostServices, tellStopped } from "./rowsLeft";
import { operate, phase, type Run } from "./run";
import { tryWriters, withWriters, type Unwritable } from "./rowWriters";
import { recallArguments } from "./savedRows";
import { leaveServers } from "./serversLeft";
import { mindSiblings, mirrorLock, siblingPools } from "./siblings";
import { askCinder } from "./takeSurvey";
import { verifyStep } from "./verifyMove";

const saidOf = ({ byCinder, byRows }: Ways, { writeAllRows }: ForcedOptions): string =>
    [
        ...(byCinder.length > 0 ? [`${byCinder.join(", ")} live`] : []),
        ...(byRows.length > 0
            ? [
                  `${byRows.join(", ")} ${writeAllRows === true ? "move by rows" : "cannot be moved by Cinder"}`,
              ]
            : []),
    ].join("; ") || "all have moved";

/** Starts again what was ended of rbd-mirror, and lets the hosts take requests. */
async function giveBack(run: Run, daemons: MirrorDaemons): Promise<void> {
    const { journal, parts } = run;
    const ended = stoppedDaemons(journal) ?? [];
    await journal.always("start rbd-mirror", () => daemons.start(ended));
    await journal.always("thaw", () => thaw(run));
    const byHand = ended.length === 0;
    run.found({
        state: "ok",
        subject: "thaw",
        fact: `the hosts take requests; rbd-mirror ${byHand ? "is as it was" : "runs again"}`,
    });
    if (byHand)
        run.left.push(`start rbd-mirror on ${parts.names.secondary}, if it was stopped by hand`);
}

function didNotMove(id: string, wrong: readonly { volume: string; fact: string }[]): PartialError {
    const facts = wrong.map(({ volume, fact }) => `${volume}: ${fact}`);
    const canBePromoted = wrong.some(({ fact }) => fact.includes("failover-error"));
    return new PartialError(`${String(wrong.length)} volume(s) did not move: ${facts.join("; ")}`, [
        ...facts,
        ...(canBePromoted
            ? [
                  `\`cinder-dr resume ${id} --write-rows\` promotes what Cinder has left behind, and writes its rows`,
              ]
            : []),
    ]);
}

const doNotRun = (id: string, asleep: readonly string[]): PartialError =>
    new PartialError(
        `all volumes have moved, and cinder-volume does not run: ${asleep.join("; ")}`,
        [`see its log there, then \`cinder-dr resume ${id}\` starts it`],
    );

/** What the operation's earlier runs were allowed as well: who was stopped by a word must not be left so for want of it. */
function allowed({ entries }: Journal, options: ForcedOptions): ForcedOptions {
    const flags = consentsIn(entries).map(({ flag }) => flag);
    const writeAllRows = options.writeAllRows === true || flags.includes("--write-all-rows");
    const writeRows = writeAllRows || options.writeRows === true || flags.includes("--write-rows");
    return { ...options, writeAllRows, writeRows };
}

async function carryOut(
    run: Run,
    options: ForcedOptions,
    survey: Survey,
    since: number,
    signs: LifeSigns,
): Promise<string> {
    const { journal, parts } = run;
    const { secondary } = parts.names;
    const moving = noteOf(journal.entries, "moving") as {
        id: string;
        image: string;
    }[];
    const view = survey.views.secondary;
    if (!isSeen(view)) throw new Error(`site ${secondary} cannot be asked: ${view.unseen}`);
    const daemons = new MirrorDaemons(parts.sites.secondary, parts.topology.sites.secondary);
    try {
        // Days may lie between.
        refuseReturned(survey, options.fenced);
        const stop = async (): Promise<string> => {
            if (options.mirrorStopped === true) return "rbd-mirror was stopped before";
            const names = stoppedDaemons(journal) ?? (await daemons.running(view, run.found));
            journal.append({ kind: "noted", step: DAEMONS, data: names });
            return daemons.stop(names, run);
        };
        // While rbd-mirror is being ended, a sign of life of each service is awaited.
        const [ways] = await phase(
            run,
            "stop rbd-mirror",
            () => both(waysOf(run, survey, since, signs, options), stop()),
            ([seen, how]) => `${how}; ${saidOf(seen, options)}`,
        );
        await run.stillMine();
        await phase(
            run,
            "move",
            () => moveByWays(run, survey, ways, options.writeRows === true, moving.length),
            (how) => how,
        );
        const asleep = await startServices(run, survey);
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
        await giveBack(run, daemons);
        if (wrong.length > 0) throw didNotMove(journal.id, wrong);
        if (asleep.length > 0) throw doNotRun(journal.id, asleep);
    } finally {
        daemons.close();
    }
    run.left.push(...(await lostServices(run)));
    run.left.push(
        `${parts.names.primary} will come back as a second primary: keep its clients away, then \`cinder-dr failback\`; to stay on ${secondary}, \`cinder-dr failback --resync-only\``,
    );
    await leaveServers(
        run,
        moving.map(({ id }) => id),
    );
    return `${String(moving.length)} volumes are on ${secondary} and writable`;
}

async function move(run: Run, options: ForcedOptions): Promise<string> {
    const since = performance.now();
    const cinder = askCinder(options.parts);
    const signs = new LifeSigns(run);
    askEarly(signs, cinder, options);
    try {
        const [seen, unwritable] = await both(
            lookFirst(run, options, since, cinder),
            options.writeRows === true ? tryWriters(run) : Promise.resolve<Unwritable>(new Map()),
        );
        const survey = withWriters(seen, unwritable);
        if (options.writeRows === true) await mindSiblings(run);
        // Nothing is done yet, so nothing binds to an old plan.
        if (!hasChanged(run.journal)) {
            await plan(run, survey, options);
            record(run, survey);
        }
        return await carryOut(run, options, survey, since, signs);
    } finally {
        await signs.end();
    }
}

/**
 * Moves a backend to the secondary when the primary is dead or cut off. What the secondary does not have is lost, and
 * each loss needs the operator's word.
 */
export async function failoverForced(
    given: ForcedOptions,
    flags: Record<string, unknown>,
    id?: string,
): Promise<string> {
    return operate(given, {
        verb: "failover --forced",
        locks: ["secondary"],
        further: (journal) => [
            mirrorLock(given),
            ...(allowed(journal, given).writeRows === true || given.undo === true
                ? siblingPools(given)
                : []),
        ],
        flags,
        ...(id === undefined ? {} : { id }),
        body: async (run) => {
            recallArguments(run);
            try {
                return given.undo === true
                    ? await undoForced(run)
                    : await move(run, allowed(run.journal, given));
            } catch (error) {
                if (error instanceof RefusedError) await startStopped(run);
                tellStopped(run);
                throw error;
            }
        },
    });
}
