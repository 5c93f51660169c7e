import { isSameBackend, type BackendKey } from "../core/backendKey";
import { begunOf, endedOf, noteOf, type JournalEntry } from "../core/operation";
import { isSeen } from "../core/replica";
import type { Survey } from "../core/survey";
import { readJournals } from "./journalFolder";
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

/**
 * Gives volumes and snapshots back the status that the failover took, where their image is there.
 * @throws Error where the primary is not seen: every image would seem to be missing, and all would stay in error unsaid
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
    const images = new Set(view.all);
    const count = { volumes: 0, snapshots: 0 };
    /** Gives one its status back, or says why not; the reset is the word of cinder's client for that. */
    const giveBack = async (kind: keyof SavedStatuses, id: string, reset: string) => {
        const before = saved[kind][id];
        if (before === undefined || !isSteady(before)) {
            run.left.push(
                `${kind.slice(0, -1)} ${id} is in error, and ${whyNot(before)}: look at its data, then \`cinder ${reset} --state available ${id}\``,
            );
            return;
        }
        await run.parts.cinder.resetStatus(kind, id, before);
        count[kind]++;
    };
    for (const { volume } of survey.pairs) {
        const plain = volume.replicationStatus === "not-capable";
        if (
            volume.status === "error" &&
            images.has(volume.image) &&
            (plain || proven.has(volume.id))
        )
            await giveBack("volumes", volume.id, "reset-state");
    }
    for (const { id, status } of survey.snapshots)
        // One that was in error before the failover is as it was.
        if (status === "error" && saved.snapshots[id] !== "error")
            await giveBack("snapshots", id, "snapshot-reset-state");
    return count;
}
