import { isReplicated, isSeen } from "../core/replica";
import { activeSide } from "../core/service";
import { subjectOf, type Survey } from "../core/survey";
import type { Role } from "../core/topology/site";
import type { Journal } from "./journal";
import { moveHosts } from "./moveBackend";
import { phase, type Run } from "./run";
import { savedIn } from "./savedStatuses";
import { askCinder, takeSurvey } from "./takeSurvey";
import { thawUnmoved } from "./thawUnmoved";
import { pause } from "./wait";

/** Volume rows are written one by one after the service's row. */
const ROWS_SECONDS = 120;
/** A target that does not answer is asked this often again, for up to a minute each time. */
const BLIND_LOOKS = 1;

/** What Cinder and the target cluster say of each volume after a move. */
export interface Moved {
    moved: string[];
    wrong: { volume: string; fact: string }[];
    /** Ids of the volumes whose image is not seen to be primary on the target: a server would have I/O errors. */
    unproven: string[];
    /** Whether a host is not on the target. */
    isAstray: boolean;
}

/** Volumes that were in error before the move: it neither made that nor mends it. */
function brokenBefore({ entries }: Journal): Set<string> {
    const saved = Object.entries(savedIn(entries)?.volumes ?? {});
    return new Set(saved.flatMap(([id, status]) => (/^error/.test(status) ? [id] : [])));
}

/** A move's own word is `error`; an extension, a backup or a deletion that failed meanwhile has one of its own. */
const isOfOther = (status: string): boolean => /^error_/.test(status);

/** Names the volumes that other work has left in an error meanwhile: they are where they were to go. */
function tellOthers(run: Run, { pairs }: Survey, { moved }: Moved, broken: ReadonlySet<string>) {
    for (const pair of pairs) {
        const { id, status } = pair.volume;
        if (moved.includes(id) && isOfOther(status) && !broken.has(id))
            run.found({
                state: "warning",
                subject: subjectOf(pair),
                fact: `has moved, and other work on it failed meanwhile: its status in Cinder is '${status}'`,
                next: `see cinder-volume's log; once its data is known to be good, \`cinder reset-state --state ${pair.volume.servers.length > 0 ? "in-use" : "available"} ${id}\``,
            });
    }
}

function wrongWith(
    survey: Survey,
    to: Role,
    wanted: readonly string[],
    broken: ReadonlySet<string>,
): Moved {
    const view = survey.views[to];
    const result: Moved = { moved: [], wrong: [], unproven: [], isAstray: false };
    for (const pair of survey.pairs) {
        if (!wanted.includes(pair.volume.id)) continue;
        const { id, status, replicationStatus } = pair.volume;
        const isPrimary = pair[to]?.primary === true;
        if (!isPrimary) result.unproven.push(id);
        const facts = [
            ...(!isSeen(view)
                ? [`its image cannot be seen on ${survey.names[to]}: ${view.unseen}`]
                : !isPrimary
                  ? [`its image is not primary on ${survey.names[to]}`]
                  : []),
            ...(/^error/.test(status) && !broken.has(id) && !(isPrimary && isOfOther(status))
                ? [`its status in Cinder is '${status}'`]
                : []),
            ...(isReplicated(pair.volume) && replicationStatus === "failover-error"
                ? ["its replication_status is failover-error"]
                : []),
        ];
        if (facts.length === 0) result.moved.push(id);
        else result.wrong.push({ volume: subjectOf(pair), fact: facts.join("; ") });
    }
    return result;
}

/**
 * Hosts that Cinder does not say to be on the side that they were moved to, e.g. restarted in the middle of it. That is its
 * last word; members of a cluster follow in their own time.
 */
const strayRows = ({ rows, backend, names }: Survey, to: Role): Moved["wrong"] =>
    rows
        .filter((row) => !row.cluster && activeSide(row, backend) !== to)
        .map((row) => ({
            volume: row.host,
            fact: `Cinder does not say that it is on ${names[to]} (replication status ${row.replication_status ?? "null"})`,
        }));

/**
 * Looks at each moved volume in Cinder and at its image on the target until all are there or time is up. The service's
 * `failed-over` proves nothing: Cinder writes it also when every promotion failed.
 */
async function verifyMoved(run: Run, to: Role, wanted: readonly string[]): Promise<Moved> {
    const end = performance.now() + ROWS_SECONDS * 1000;
    const broken = brokenBefore(run.journal);
    for (let blind = 0; ;) {
        const known = askCinder(run.parts);
        const survey = await takeSurvey(run.parts, run.backend, { sides: [to] }, known);
        const result = wrongWith(survey, to, wanted, broken);
        const stray = strayRows(survey, to);
        const rows = survey.rows.every((row) => activeSide(row, run.backend) === to);
        // An image that is primary and a volume that is not in error is not undone by waiting; the rest may come.
        const status = to === "primary" ? "enabled" : "failed-over";
        const settled = survey.pairs.every(
            ({ volume }) => !wanted.includes(volume.id) || volume.replicationStatus === status,
        );
        const ends = (moved: Moved): Moved => {
            tellOthers(run, survey, moved, broken);
            return moved;
        };
        if (rows && settled && result.wrong.length === 0) return ends(result);
        blind = isSeen(survey.views[to]) ? 0 : blind + 1;
        if (
            performance.now() >= end ||
            blind > BLIND_LOOKS ||
            stray.length > 0 ||
            result.wrong.some(({ fact }) => /'error|failover-error/.test(fact))
        )
            return ends({
                ...result,
                wrong: [...result.wrong, ...stray],
                isAstray: stray.length > 0,
            });
        await pause(1000, run.signal);
    }
}

/** Verifies as a step of an operation. */
export const verifyStep = (run: Run, to: Role, wanted: readonly string[]): Promise<Moved> =>
    phase(
        run,
        "verify",
        () => verifyMoved(run, to, wanted),
        ({ moved, wrong }) => {
            const fact = `${String(moved.length)} of ${String(wanted.length)} volumes are ${to === "primary" ? "back" : "moved"}: primary on ${run.parts.names[to]}`;
            return wrong.length === 0
                ? fact
                : {
                      state: "problem",
                      fact,
                      next: "the last line says what each of the others lacks",
                  };
        },
    );

/** Moves every host by Cinder and verifies each volume, as two steps of an operation. */
export async function moveAndVerify(run: Run, to: Role, wanted: readonly string[]): Promise<Moved> {
    try {
        await run.stillMine();
        await phase(
            run,
            "move",
            () => moveHosts(run, to, wanted.length),
            (rows) => rows.map((row) => `${row.host} ${row.replication_status ?? ""}`).join(", "),
        );
    } catch (error) {
        await thawUnmoved(run, error);
        throw error;
    }
    return verifyStep(run, to, wanted);
}
