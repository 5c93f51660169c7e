import { noteOf, begunOf, isMove, type JournalEntry } from "./operation";

/** One leg of the way from the command to the goal. */
export interface Phase {
    phase: string;
    seconds: number;
}

/** One run of an operation: from its begin, or from when it was gone on with, to its end or its kill. */
export interface ReportRun {
    /** Login name and machine of who ran it. */
    who: string;
    /** UTC, ISO 8601, by the clock of that machine. */
    at: string;
    /** Seconds since the last entry of the run before, by the same clock; undefined of the first. */
    pauseSeconds?: number;
    phases: Phase[];
}

/** The last phase of a move between two living sites; what is proven after it is on nobody's way. */
const LAST_PHASE = "thaw";

/** Seconds from one entry to another; 0 where the clock was set back in between. */
const secondsBetween = (from: string, to: string): number =>
    Math.max((Date.parse(to) - Date.parse(from)) / 1000, 0);

function phasesOf(entries: readonly JournalEntry[], isOfMove: boolean): Phase[] {
    const noted = noteOf(entries, "phases") as Phase[] | undefined;
    if (noted !== undefined) return noted;
    // A killed run has not summed its phases up: they are its steps.
    if (!isOfMove) return [];
    const done = entries.filter(({ kind }) => kind === "done");
    const last = done.findIndex(({ step }) => step === LAST_PHASE);
    return done
        .slice(0, last === -1 ? done.length : last + 1)
        .map(({ step = "", seconds = 0 }) => ({ phase: step, seconds }));
}

/** Every run of an operation, in order. */
export function runsOf(entries: readonly JournalEntry[]): ReportRun[] {
    const { who: first, verb } = begunOf(entries);
    const starts = entries.flatMap(({ kind }, at) => (at === 0 || kind === "resumed" ? [at] : []));
    return starts.map((start, n) => {
        const { at = "", data } = entries[start] ?? {};
        const before = entries[start - 1];
        return {
            who: (data as { who?: string } | undefined)?.who ?? first,
            at,
            ...(before === undefined ? {} : { pauseSeconds: secondsBetween(before.at, at) }),
            phases: phasesOf(entries.slice(start, starts[n + 1]), isMove(verb)),
        };
    });
}

/**
 * Seconds from the command to the end of the last phase, pauses and all, by the machine's clock: the RTO.
 * @returns undefined when no phase has ended
 */
export function reachedSeconds(
    entries: readonly JournalEntry[],
    runs: readonly ReportRun[],
): number | undefined {
    const names = runs.findLast(({ phases }) => phases.length > 0)?.phases ?? [];
    const last = entries.findLast(
        ({ kind, step }) => kind === "done" && names.some(({ phase }) => phase === step),
    );
    return last === undefined ? undefined : secondsBetween(entries[0]?.at ?? last.at, last.at);
}

const time = (seconds: number): string => `${seconds.toFixed(1)} s`;

/** Rows of the report's table of phases: every run's, and what lay between them. */
export function phaseRows(runs: readonly ReportRun[], reached: number | undefined): string[][] {
    const phases = runs.flatMap((run) => run.phases);
    if (phases.length === 0) return [];
    const sum = phases.reduce((total, { seconds }) => total + seconds, 0);
    return [
        ...runs.flatMap(({ who, pauseSeconds, phases: own }) => [
            ...(pauseSeconds === undefined
                ? []
                : [[`pause: cut short, until ${who} went on`, time(pauseSeconds)]]),
            ...own.map(({ phase, seconds }) => [phase, time(seconds)]),
        ]),
        [runs.length > 1 ? "sum without pauses" : "sum", time(sum)],
        ...(reached === undefined
            ? []
            : [["from the command to the end of the last phase", time(reached)]]),
    ];
}
