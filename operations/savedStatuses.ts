import { isSameBackend, type BackendKey } from "../core/backendKey";
import { begunOf, endedOf, noteOf, type JournalEntry } from "../core/operation";
import { isSeen, type PoolView, type VolumeFacts } from "../core/replica";
import type { Survey } from "../core/survey";
import { readJournals } from "./journalFolder";
import { OpenStackError } from "./openstack";
import { AT_A_TIME, inParallel } from "./parallel";
import type { Run } from "./run";
import { takeSurvey } from "./takeSurvey";

/** Statuses that a failover changes and Cinder does not give back. */
export interface SavedStatuses {
    volumes: Record<string, string>;
    snapshots: Record<string, string>;
}

export const statusesOf = (survey: Survey): SavedStatuses => ({
    volumes: Object.fromEntries(survey.pairs.map(({ volume }) => [volume.id, volume.status])),
    snapshots: Object.fromEntries(survey.snapshots.map((s) => [s.id, s.status])),
});

/** What a failover has saved, as it found it. */
export const savedIn = (entries: readonly JournalEntry[]): SavedStatuses | undefined =>
    noteOf(entries, "statuses") as SavedStatuses | undefined;

/** Work that cinder-volume did when it was cut off: nobody goes on with it, and its status would stay for ever. */
const PASSING = /^(?!error_)(?:.*ing|backing-up|restoring-backup)$/;

/** Whether a status may be given back: it tells of a state, not of an error or of work. */
export const isSteady = (status: string): boolean => status !== "error" && !PASSING.test(status);

/** Statuses that the failovers of this backend saved, the newest that is steady of each: a second one has found the first one's error. */
export function savedStatuses(own: BackendKey): SavedStatuses {
    const found: SavedStatuses = { volumes: {}, snapshots: {} };
    const keep = (to: Record<string, string>, from: Record<string, string>) => {
        for (const [id, status] of Object.entries(from))
            if (isSteady(status) || !isSteady(to[id] ?? "error")) to[id] = status;
    };
    for (const entries of readJournals().journals) {
        const begun = begunOf(entries);
        const { verb } = begun;
        // Ids of volumes are no other cloud's: one of before journals told of the cloud can add nothing wrong.
        const isOld = begun.of === undefined && begun.backend === own.backend;
        if (!isOld && !isSameBackend(begun, own)) continue;
        // What it has restored is history.
        if (verb === "failback" && endedOf(entries)?.outcome === "done")
            [found.volumes, found.snapshots] = [{}, {}];
        if (!verb.startsWith("failover")) continue;
        const saved = savedIn(entries);
        if (saved === undefined) continue;
        keep(found.volumes, saved.volumes);
        keep(found.snapshots, saved.snapshots);
    }
    return found;
}

/** Why a status is not given back. */
function whyNot(before: string | undefined): string {
    if (before === undefined) return "no failover of this machine saved its status";
    if (before === "error") return "it was so when the failover began";
    return `it was '${before}' when the failover began, and nobody goes on with that`;
}

/** How cinder's client calls a reset. */
const RESETS = { volumes: "reset-state", snapshots: "snapshot-reset-state" } as const;

interface Due {
    kind: keyof SavedStatuses;
    id: string;
}

/** What is in error since the failover, and has its image on the primary. */
function dueOf(survey: Survey, view: PoolView, saved: SavedStatuses, proven: ReadonlySet<string>) {
    const images = new Set(view.all);
    const isHere = ({ id, image, replicationStatus }: VolumeFacts) =>
        images.has(image) && (replicationStatus === "not-capable" || proven.has(id));
    const volumes = survey.pairs
        .filter(({ volume }) => volume.status === "error" && isHere(volume))
        .map(({ volume }): Due => ({ kind: "volumes", id: volume.id }));
    // One that was in error before the failover is as it was.
    const snapshots = survey.snapshots
        .filter(({ id, status }) => status === "error" && saved.snapshots[id] !== "error")
        .map(({ id }): Due => ({ kind: "snapshots", id }));
    return [...volumes, ...snapshots];
}

/**
 * Gives volumes and snapshots back the status that the failover took, where their image is there. One that was deleted
 * since needs none; one that Cinder refuses is left to do by name, and the others go on.
 * @throws Error where the primary is not seen: every image would seem to be missing, and all would stay in error unsaid;
 * OpenStackError where Cinder answers for none any more; InterruptedError
 */
export async function restore(
    run: Run,
    proven: ReadonlySet<string>,
): Promise<{ volumes: number; snapshots: number }> {
    const saved = savedStatuses(run.journal.begun);
    const survey = await takeSurvey(run.parts, run.backend);
    const view = survey.views.primary;
    if (!isSeen(view))
        throw new Error(`site ${run.parts.names.primary} cannot be asked: ${view.unseen}`);
    const due = dueOf(survey, view, saved, proven);
    const count = { volumes: 0, snapshots: 0 };
    let [begun, unanswered] = [0, 0];
    /** Gives one its status back. @returns what is left to do of it */
    const giveBack = async ({ kind, id }: Due): Promise<string[]> => {
        run.doing(`restore: ${String(++begun)} of ${String(due.length)} statuses`);
        const left = (why: string, status: string) => [
            `${kind.slice(0, -1)} ${id} is in error, and ${why}\`cinder ${RESETS[kind]} --state ${status} ${id}\``,
        ];
        const before = saved[kind][id];
        if (before === undefined || !isSteady(before))
            return left(`${whyNot(before)}: look at its data, then `, "available");
        try {
            await run.parts.cinder.resetStatus(kind, id, before);
        } catch (error) {
            if (!(error instanceof OpenStackError)) throw error;
            if (error.status === 404) return [];
            // An API that is away costs seconds for each of thousands: `resume` goes on when it is back.
            const isUnanswered = error.isPassing || error.status === undefined;
            if (isUnanswered && ++unanswered > AT_A_TIME) throw error;
            return left(`its status was not given back: ${error.message}; `, before);
        }
        unanswered = 0;
        count[kind]++;
        return [];
    };
    run.left.push(...(await inParallel(due, AT_A_TIME, run.signal, giveBack)).flat());
    return count;
}
