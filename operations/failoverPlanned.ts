import { blockersOf } from "../core/blockers";
import { consentsOf, planLines, preflightOf } from "../core/preflight";

import { lossOf, replicated, unmarked, type Survey } from "../core/survey";
import { freeze, moveHosts, proveReverse, thaw, verifyMoved } from "./moveBackend";
import { measuredOf } from "./preflight";
import {
    checkConsents,
    operate,
    PartialError,
    phase,
    RefusedError,
    stopping,
    type Run,
    type RunOptions,
} from "./run";
import { takeSurvey } from "./takeSurvey";

/** How long the reverse replication may take to show: statuses are published every 30 s. */
const REVERSE_SECONDS = 180;

/** Statuses that a failover changes and Cinder does not give back. */
export interface SavedStatuses {
    volumes: Record<string, string>;
    snapshots: Record<string, string>;
}

export const statusesOf = (survey: Survey): SavedStatuses => ({
    volumes: Object.fromEntries(survey.pairs.map(({ volume }) => [volume.id, volume.status])),
    snapshots: Object.fromEntries(survey.snapshots.map((s) => [s.id, s.status])),
});

const look = ({ parts, backend }: RunOptions): Promise<Survey> =>
    takeSurvey(parts, backend, { users: true, reach: ["primary", "secondary"] });

/** @throws RefusedError with every blocker that no consent covers */
export function refuseBlocked(
    survey: Survey,
    move: "planned" | "forced" | "failback",
    accepted: ReadonlyMap<string, number>,
): void {
    const stops = stopping(blockersOf(survey, move), accepted);
    if (stops.length > 0)
        throw new RefusedError(
            `refused, nothing was changed: ${String(stops.length)} blocker(s)`,
            stops,
        );
}

/** Marks volumes that have no mirrored image as what they are, through their own host's Cinder. */
async function mark(run: Run, survey: Survey): Promise<number> {
    const lonely = unmarked(survey, "primary");
    let count = 0;
    for (const { name, service } of survey.hosts) {
        const own = lonely.filter(({ volume }) => volume.host.replace(/#.*$/, "") === service);
        const host = run.parts.hosts.find((h) => h.host.name === name);
        if (own.length === 0 || host === undefined || service === undefined) continue;
        const saved = await host.saveRows(service);
        run.journal.append({ kind: "noted", step: `rows before mark on ${name}`, data: saved });
        const volumes = Object.fromEntries(
            own.map(({ volume }) => [volume.id, { replication_status: "disabled" }]),
        );
        count += await host.writeRows(service, {
            service: {},
            cluster: null,
            volumes,
            snapshots: {},
        });
    }
    return count;
}

/** Freezes, looks once more with nothing moving, and thaws again when something is not ready. */
async function gate(run: Run): Promise<Survey> {
    const frozen = await freeze(run, (await look(run)).rows);
    run.journal.append({ kind: "noted", step: "frozen", data: frozen });
    const survey = await look(run);
    try {
        refuseBlocked(survey, "planned", run.accepted);
    } catch (error) {
        await thaw(run);
        throw error;
    }
    return survey;
}

async function body(run: Run): Promise<string> {
    const { journal, parts, backend } = run;
    const underWay = journal.entries.some((e) => e.kind === "noted" && e.step === "failover-host");
    if (!underWay) {
        const first = await look(run);
        if (unmarked(first, "primary").length > 0)
            await phase(
                run,
                "mark",
                () => mark(run, first),
                (n) => `${String(n)} volume(s) without a mirrored image are marked disabled`,
            );
        const survey = await phase(
            run,
            "gate",
            async () => {
                const seen = await gate(run);
                journal.append({ kind: "noted", step: "statuses", data: statusesOf(seen) });
                journal.append({
                    kind: "noted",
                    step: "losses",
                    data: replicated(seen).map((pair) => ({
                        volume: pair.volume.id,
                        name: pair.volume.name,
                        ...lossOf(pair, "primary", seen.views),
                        seconds: 0,
                    })),
                });
                return { moving: replicated(seen).map(({ volume }) => volume.id) };
            },
            ({ moving }) => `frozen; ${String(moving.length)} images are ready, nothing is behind`,
        );
        journal.append({ kind: "noted", step: "moving", data: survey.moving });
    }
    const moving = journal.entries.findLast((e) => e.step === "moving")?.data as string[];
    await run.stillMine();
    await phase(
        run,
        "move",
        () => moveHosts(run, "secondary", moving.length),
        (rows) => rows.map((row) => `${row.host} ${row.replication_status ?? ""}`).join(", "),
    );
    const { wrong } = await phase(
        run,
        "verify",
        () => verifyMoved(run, "secondary", moving),
        ({ moved }) =>
            `${String(moved.length)} of ${String(moving.length)} volumes are moved: primary on ${parts.names.secondary}`,
    );
    await phase(
        run,
        "thaw",
        () => thaw(run),
        (hosts) => `${hosts.join(", ")} take requests again`,
    );
    if (wrong.length > 0)
        throw new PartialError(
            `${String(wrong.length)} volume(s) did not move: ${wrong.map((w) => `${w.volume}: ${w.fact}`).join("; ")}`,
            wrong.map((w) => `${w.volume}: ${w.fact}: see \`cinder-dr status --volumes\``),
        );
    run.doing("proving the way back");
    const reverse = await journal.always("replication back", () =>
        proveReverse(run, "secondary", moving, REVERSE_SECONDS),
    );
    run.found({
        state: "ok",
        subject: "replication back",
        fact: `${reverse} on ${parts.names.primary}`,
    });
    run.left.push(
        `servers keep the old connection: \`cinder-dr servers --backend ${backend.section}\``,
    );
    return `${String(moving.length)} volumes are on ${parts.names.secondary}, and replicate back`;
}

/**
 * Moves a backend to the secondary while both sites live: nothing is lost, nothing is promoted by force.
 * @throws RefusedError when anything is not ready; then nothing was changed
 */
export async function failoverPlanned(
    options: RunOptions,
    flags: Record<string, unknown>,
    id?: string,
): Promise<string> {
    const { backend, accepted } = options;
    return operate(options, {
        verb: "failover --planned",
        locks: ["secondary", "primary"],
        flags,
        ...(id === undefined ? {} : { id }),
        body: async (run) => {
            const begun = run.journal.entries.some(
                (e) => e.kind === "consented" || e.step === "frozen" || e.step === "moving",
            );
            if (!begun) {
                const survey = await look(options);
                const plan = preflightOf(survey, "planned", measuredOf("planned", backend));
                const lines = planLines(plan);
                run.journal.append({ kind: "planned", data: { lines } });
                options.planned(lines);
                refuseBlocked(survey, "planned", accepted);
                checkConsents(consentsOf(survey, "planned"), accepted);
                for (const { name, count, means } of plan.consents)
                    run.journal.append({
                        kind: "consented",
                        data: { flag: `--accept-loss ${name}=${String(count)}`, means },
                    });
            }
            return body(run);
        },
    });
}
