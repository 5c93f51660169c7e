import { blocker } from "../core/blocker";
import { isSeen, type Pair } from "../core/replica";
import { serviceOf } from "../core/service";
import {
    markedByFailback,
    subjectOf,
    wholeOnPrimary,
    type Move,
    type Survey,
} from "../core/survey";
import { ROLES } from "../core/topology/site";
import type { CinderHost, SavedRows } from "./cinderHost";
import type { Journal } from "./journal";
import { RefusedError } from "./operationEnd";
import { writerOf } from "./rowSeats";
import { phase, type Run } from "./run";
import { RemoteError } from "./remoteError";

/** The journal's note of a service's rows before volumes on it are marked; the service's host follows. */
const BEFORE = "rows before mark on";

/** Whether the operation has marked volumes: a refusal may not say then that nothing was changed. */
export const hasMarked = ({ entries }: Journal): boolean =>
    entries.some((e) => e.kind === "noted" && e.step?.startsWith(BEFORE) === true);

type Mark = "disabled" | "not-capable" | "enabled";

/** The move that each mark is for. */
const MOVES: Record<Mark, Move> = {
    disabled: "planned",
    "not-capable": "failback",
    enabled: "failback",
};

/**
 * A mark must be right: whoever is marked is not replicated any longer, and goes to error with a failover.
 * @throws RefusedError where a site was not seen, so that its images seem to be missing, or where there are more volumes
 * than the operator has agreed to
 */
function refuseMark(
    { accepted }: Run,
    { views, names }: Survey,
    lonely: readonly Pair[],
    status: Mark,
): void {
    const stops = ROLES.flatMap((role) => {
        const view = views[role];
        const next = "its admin host and cluster must answer";
        return isSeen(view) ? [] : [blocker(`site ${names[role]}`, view.unseen, next)];
    });
    const agreed = accepted.get("unmarked") ?? 0;
    if (lonely.length > agreed)
        stops.push(
            blocker(
                "unmarked",
                `${String(lonely.length)} volumes cannot move, and ${String(agreed)} were agreed to: ${lonely.map(subjectOf).join(", ")}`,
                `\`cinder-dr preflight ${MOVES[status]}\` names them and the consent`,
            ),
        );
    if (stops.length > 0) throw new RefusedError("refused: no volume was marked", stops);
}

interface Read {
    service: string;
    host: CinderHost;
    saved: SavedRows;
}

/**
 * Reads the rows of all before one is written.
 * @throws RefusedError where that fails: the writing would, too
 */
async function readRows(run: Run, survey: Survey, services: readonly string[]): Promise<Read[]> {
    const read: Read[] = [];
    for (const service of services) {
        const host = writerOf(run, survey, service);
        try {
            read.push({ service, host, saved: await host.saveRows(service) });
        } catch (error) {
            if (!(error instanceof RemoteError)) throw error;
            throw new RefusedError("refused: no volume was marked", [
                blocker(service, error.message, "its host's Cinder must reach the database"),
            ]);
        }
    }
    return read;
}

/**
 * Marks volumes that cannot move as what they are, through Cinder's own objects.
 * @param status `disabled` as Cinder itself sets it at creation, `not-capable` as a failover leaves a plain volume, or
 * `enabled` as one that is mirrored has it
 * @returns how many rows changed
 */
async function mark(
    run: Run,
    survey: Survey,
    lonely: readonly Pair[],
    status: Mark,
): Promise<number> {
    const services = [...new Set(lonely.map(({ volume }) => serviceOf(volume.host)))];
    let count = 0;
    for (const { service, host, saved } of await readRows(run, survey, services)) {
        const own = lonely.filter(({ volume }) => serviceOf(volume.host) === service);
        run.journal.append({ kind: "noted", step: `${BEFORE} ${service}`, data: saved });
        const volumes = Object.fromEntries(
            own.map(({ volume }) => [volume.id, { replication_status: status }]),
        );
        count += await host.writeVolumes(service, volumes);
    }
    return count;
}

/** Marks as a step of an operation. @throws RefusedError where that would not be right */
export const markStep = (
    run: Run,
    survey: Survey,
    lonely: readonly Pair[],
    status: Mark,
): Promise<number> => {
    refuseMark(run, survey, lonely, status);
    return phase(
        run,
        "mark",
        () => mark(run, survey, lonely, status),
        (n) => `${String(n)} volume(s) that cannot move are marked ${status}`,
    );
};

/** The journal's note of volumes that are marked though the designed primary mirrors them, whole. */
const WHOLE = "whole on the primary";

/** Marks what a failback cannot take along. @throws RefusedError where that would not be right */
export async function markBefore(run: Run, survey: Survey): Promise<void> {
    const lonely = markedByFailback(survey);
    if (lonely.length === 0 || !run.accepted.has("unmarked")) return;
    const whole = wholeOnPrimary(survey).map(({ volume }) => volume.id);
    if (whole.length > 0) run.journal.append({ kind: "noted", step: WHOLE, data: whole });
    await markStep(run, survey, lonely, "not-capable");
}

/** Volumes that the failback has marked though they are mirrored, and that are served again where they are primary. */
export function markedWhole({ entries }: Journal, { pairs }: Survey): Pair[] {
    const ids = entries.flatMap((e) => (e.step === WHOLE ? (e.data as string[]) : []));
    return pairs.filter(
        ({ volume, primary }) =>
            ids.includes(volume.id) &&
            volume.replicationStatus === "not-capable" &&
            primary?.primary === true,
    );
}

/** Has Cinder count them as replicated again. @returns how many rows changed */
export const countAgain = (run: Run, survey: Survey, pairs: readonly Pair[]): Promise<number> =>
    mark(run, survey, pairs, "enabled");
