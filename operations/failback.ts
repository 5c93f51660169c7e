import { needOf } from "../core/failback";
import { consentsOf, planLines, preflightOf } from "../core/preflight";
import { isSeen } from "../core/replica";
import { activeSide } from "../core/service";
import { replicated, subjectOf, type Survey } from "../core/survey";
import { blockersOf } from "../core/blockers";
import { begunOf } from "../core/operation";
import type { SavedStatuses } from "./failoverPlanned";
import { compareBytes } from "./compareBytes";
import { listJournals, readJournal } from "./journal";
import { freeze, moveHosts, proveReverse, rowsNow, thaw, verifyMoved } from "./moveBackend";
import { measuredOf } from "./preflight";
import { discard, waitReady } from "./resync";
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
import { waitFor } from "./wait";

const REVERSE_SECONDS = 180;
const RESTART_SECONDS = 120;

export interface FailbackOptions extends RunOptions {
    /** How long resyncing may take. */
    resyncSeconds: number;
    /** Bytes of each image that are compared at the end; an image with less is compared in whole. */
    compareBytes: number;
}

const look = ({ parts, backend }: RunOptions): Promise<Survey> =>
    takeSurvey(parts, backend, { users: true, reach: ["primary", "secondary"] });

/** Faults of images that a resync or time cures are no reason to refuse before it. */
function refuse(survey: Survey, accepted: ReadonlyMap<string, number>): void {
    const curable = new Set(
        replicated(survey)
            .filter((pair) => needOf(pair, survey) !== "decide")
            .map(subjectOf),
    );
    const stops = stopping(blockersOf(survey, "failback"), accepted).filter(
        ({ subject }) => !curable.has(subject),
    );
    if (stops.length > 0)
        throw new RefusedError(
            `refused, nothing was changed: ${String(stops.length)} blocker(s)`,
            stops,
        );
}

const hasResynced = ({ journal }: Run): boolean =>
    journal.entries.some((e) => e.step === "resynced");

/** Freezes and looks once more; thaws again when an image is not ready. */
async function gate(run: Run): Promise<string[]> {
    const frozen = await freeze(run, await rowsNow(run));
    run.journal.append({ kind: "noted", step: "frozen", data: frozen });
    // The statuses that rbd-mirror publishes are up to 30 s old: one that is not ready yet may be in a moment.
    const end = performance.now() + 60_000;
    for (;;) {
        const survey = await look(run);
        const stops = stopping(blockersOf(survey, "failback"), run.accepted);
        if (stops.length === 0) return replicated(survey).map(({ volume }) => volume.id);
        if (performance.now() > end) {
            await thaw(run);
            const what = `not failed back, and thawed again: ${String(stops.length)} blocker(s)`;
            // Images that were demoted and resynced are no longer as they were found.
            if (hasResynced(run))
                throw new PartialError(
                    `${what}; the forked images were resynced`,
                    stops.map((s) => `${s.subject}: ${s.fact}; next: ${s.next}`),
                );
            throw new RefusedError(what, stops);
        }
    }
}

/** Restarts the hosts whose process would go on with the secondary in memory: members of a cluster, or without secrets. */
async function restart(run: Run, survey: Survey): Promise<string[]> {
    const rows = await rowsNow(run);
    const done: string[] = [];
    for (const { name, service, secrets } of survey.hosts) {
        const row = rows.find((r) => r.host === service);
        const host = run.parts.hosts.find((h) => h.host.name === name);
        if (row === undefined || host === undefined) continue;
        if (!row.cluster && secrets !== false && row.replication_status === "enabled") continue;
        await host.restart();
        await waitFor(
            async () => {
                const now = (await rowsNow(run)).find((r) => r.host === service);
                const fresh =
                    now !== undefined && now.updated_at !== row.updated_at && now.state === "up";
                return fresh && now.replication_status === "enabled" ? true : undefined;
            },
            {
                what: `${service ?? name} to come up again`,
                seconds: RESTART_SECONDS,
                signal: AbortSignal.timeout((RESTART_SECONDS + 60) * 1000),
            },
        );
        done.push(name);
    }
    return done;
}

/** Statuses that the last failover of this backend saved. */
function savedStatuses(section: string): SavedStatuses | undefined {
    for (const id of listJournals().reverse()) {
        const entries = readJournal(id);
        if (
            entries.length === 0 ||
            !begunOf(entries).verb.startsWith("failover") ||
            begunOf(entries).backend !== section
        )
            continue;
        const saved = entries.findLast((e) => e.kind === "noted" && e.step === "statuses");
        if (saved !== undefined) return saved.data as SavedStatuses;
    }
    return undefined;
}

/** Gives volumes and snapshots back the status that the failover took, where their image is there. */
async function restore(
    run: Run,
    proven: ReadonlySet<string>,
): Promise<{ volumes: number; snapshots: number }> {
    const { cinder } = run.parts;
    const saved = savedStatuses(run.backend.section);
    const survey = await takeSurvey(run.parts, run.backend);
    const images = isSeen(survey.views.primary)
        ? new Set(survey.views.primary.all)
        : new Set<string>();
    const count = { volumes: 0, snapshots: 0 };
    for (const { volume } of survey.pairs) {
        const plain = volume.replicationStatus === "not-capable";
        if (
            volume.status !== "error" ||
            !images.has(volume.image) ||
            !(plain || proven.has(volume.id))
        )
            continue;
        const before = saved?.volumes[volume.id];
        if (before === undefined || before === "error") {
            run.left.push(
                `volume ${volume.id} is in error, and no failover of this machine saved its status: \`cinder reset-state --state available ${volume.id}\``,
            );
            continue;
        }
        await cinder.resetStatus("volumes", volume.id, before);
        count.volumes++;
    }
    for (const { id, status } of survey.snapshots) {
        const before = saved?.snapshots[id];
        if (status !== "error" || before === undefined || before === "error") continue;
        await cinder.resetStatus("snapshots", id, before);
        count.snapshots++;
    }
    return count;
}

async function prepare(run: Run, { resyncSeconds }: FailbackOptions): Promise<void> {
    const survey = await look(run);
    await phase(
        run,
        "discard",
        () => discard(run, survey),
        (images) =>
            images.length === 0
                ? "no image has forked: nothing is discarded"
                : `${String(images.length)} images on ${run.parts.names.primary} are demoted and resync from ${run.parts.names.secondary}`,
    );
    await phase(
        run,
        "resync",
        () => waitReady(run, resyncSeconds),
        (n) => `${String(n)} images on ${run.parts.names.primary} replay with nothing behind`,
    );
    const moving = await phase(
        run,
        "gate",
        () => gate(run),
        (ids) => `frozen; ${String(ids.length)} images are ready`,
    );
    run.journal.append({ kind: "noted", step: "moving", data: moving });
    run.journal.append({
        kind: "noted",
        step: "losses",
        data: moving.map((id) => ({ volume: id, name: "", seconds: 0, entries: 0 })),
    });
}

async function body(run: Run, options: FailbackOptions): Promise<string> {
    const { journal, parts } = run;
    const underWay = journal.entries.some((e) => e.kind === "noted" && e.step === "failover-host");
    if (!underWay) await prepare(run, options);
    const moving = journal.entries.findLast((e) => e.step === "moving")?.data as string[];
    await run.stillMine();
    await phase(
        run,
        "move",
        () => moveHosts(run, "primary", moving.length),
        (rows) => rows.map((row) => `${row.host} ${row.replication_status ?? ""}`).join(", "),
    );
    const { wrong } = await phase(
        run,
        "verify",
        () => verifyMoved(run, "primary", moving),
        ({ moved }) =>
            `${String(moved.length)} of ${String(moving.length)} volumes are back: primary on ${parts.names.primary}`,
    );
    const survey = await look(run);
    await phase(
        run,
        "restart",
        () => restart(run, survey),
        (hosts) =>
            hosts.length === 0
                ? "no host needs it"
                : `${hosts.join(", ")} came up again on ${parts.names.primary}`,
    );
    await phase(
        run,
        "thaw",
        () => thaw(run),
        (hosts) => `${hosts.join(", ")} take requests again`,
    );
    const rows = await rowsNow(run);
    const stray = rows.filter(
        (row) => activeSide(row, run.backend) !== "primary" || row.replication_status !== "enabled",
    );
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
        () => proveReverse(run, "primary", moving, REVERSE_SECONDS),
        (last) => `${last} on ${parts.names.secondary}`,
    );
    const survey = await look(run);
    const idle = moving.filter((id) => {
        const pair = survey.pairs.find(({ volume }) => volume.id === id);
        return (pair?.primary?.users ?? []).length === 0;
    });
    await step(
        "bytes",
        () => compareBytes(run, survey, idle, options.compareBytes),
        ({ images, whole, bytes }) =>
            `${String(images)} of ${String(moving.length)} images are equal on both sites (${String(whole)} in whole, ${String(bytes)} bytes read a side)`,
    );
    if (idle.length < moving.length)
        run.left.push(
            `${String(moving.length - idle.length)} image(s) are in use again and were not compared`,
        );
    run.left.push(
        `servers keep the old connection: \`cinder-dr servers --backend ${run.backend.section}\``,
    );
}

/**
 * Takes a backend back to its designed primary, when every image there is proven to hold what the secondary has.
 * Throws away only what the operator gave up by name and number, and only on the side that is not active.
 */
export async function failback(
    options: FailbackOptions,
    flags: Record<string, unknown>,
    id?: string,
): Promise<string> {
    const { accepted, backend } = options;
    return operate(options, {
        verb: "failback",
        locks: ["primary", "secondary"],
        flags,
        ...(id === undefined ? {} : { id }),
        body: async (run) => {
            const begun = run.journal.entries.some((e) =>
                ["resynced", "frozen", "moving", "accepted"].includes(e.step ?? ""),
            );
            if (!begun) {
                const survey = await look(options);
                const plan = preflightOf(survey, "failback", measuredOf("failback", backend));
                run.journal.append({ kind: "planned", data: { lines: planLines(plan) } });
                options.planned(planLines(plan));
                refuse(survey, accepted);
                checkConsents(consentsOf(survey, "failback"), accepted);
                for (const { name, count, means } of plan.consents)
                    run.journal.append({
                        kind: "consented",
                        data: { flag: `--accept-loss ${name}=${String(count)}`, means },
                    });
                run.journal.append({ kind: "noted", step: "accepted", data: true });
            }
            return body(run, options);
        },
    });
}
