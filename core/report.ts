import { block, cell } from "./markdown";
import { named } from "./named";
import { begunOf, endedOf, type JournalEntry, type Outcome } from "./operation";
import { consentsIn, type ReportConsent } from "./reportConsents";
import { phaseRows, reachedSeconds, runsOf, type Phase, type ReportRun } from "./reportRuns";
import type { PairLoss } from "./pairLoss";

/** What may be lost of one volume, as seen before the operation. */
export interface VolumeLoss extends PairLoss {
    volume: string;
    name: string;
}

/** The plan's data: what was shown before anything was done. */
export interface Planned {
    lines: string[];
}

export interface ReportStep {
    step: string;
    at: string;
    outcome: "done" | "failed" | "cut short";
    seconds?: number;
    reason?: string;
}

/** An operation as a reader wants it; made of its journal alone. */
export interface Report {
    id: string;
    verb: string;
    backend: string;
    who: string;
    version: string;
    begunAt: string;
    endedAt?: string;
    outcome: Outcome | "running or killed";
    fact: string;
    plan: string[];
    consents: ReportConsent[];
    steps: ReportStep[];
    /** The first run, and each time it was gone on with; how long each phase of the way took. */
    runs: ReportRun[];
    /** Those of all runs, in order. */
    phases: Phase[];
    /** From the command to the end of the last phase, with the pauses between the runs: the RTO, in seconds. */
    rtoSeconds?: number;
    /** RPO by volume. */
    losses: VolumeLoss[];
    left: string[];
}

const dataOf = (entries: readonly JournalEntry[], kind: JournalEntry["kind"], step?: string) =>
    entries.findLast((e) => e.kind === kind && (step === undefined || e.step === step))?.data;

function stepsOf(entries: readonly JournalEntry[]): ReportStep[] {
    const steps: ReportStep[] = [];
    for (const entry of entries) {
        const { step = "", at, seconds } = entry;
        if (entry.kind === "started") steps.push({ step, at, outcome: "cut short" });
        if (entry.kind !== "done" && entry.kind !== "failed") continue;
        const begun = steps.findLast((s) => s.step === step);
        if (begun === undefined) continue;
        begun.outcome = entry.kind;
        if (seconds !== undefined) begun.seconds = seconds;
        if (entry.kind === "failed") begun.reason = (entry.data as { reason: string }).reason;
    }
    return steps;
}

export function reportOf(entries: readonly JournalEntry[]): Report {
    const { id, verb, backend, who, version } = begunOf(entries);
    const ended = endedOf(entries);
    const last = entries.at(-1);
    const planned = dataOf(entries, "planned") as Planned | undefined;
    const runs = runsOf(entries);
    const rtoSeconds = reachedSeconds(entries, runs);
    return {
        id,
        verb,
        backend,
        who,
        version,
        begunAt: entries[0]?.at ?? "",
        ...(ended === undefined || last === undefined ? {} : { endedAt: last.at }),
        outcome: ended?.outcome ?? "running or killed",
        fact: ended?.fact ?? "the journal has no end: it runs, or it was killed",
        plan: planned?.lines ?? [],
        consents: consentsIn(entries),
        steps: stepsOf(entries),
        runs,
        phases: runs.flatMap(({ phases }) => phases),
        ...(rtoSeconds === undefined ? {} : { rtoSeconds }),
        losses: (dataOf(entries, "noted", "losses") as VolumeLoss[] | undefined) ?? [],
        left: ended?.left ?? [`cinder-dr resume ${id}`],
    };
}

const table = (head: string[], rows: string[][]): string[] =>
    rows.length === 0
        ? ["none", ""]
        : [
              `| ${head.join(" | ")} |`,
              `| ${head.map(() => "---").join(" | ")} |`,
              ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
              "",
          ];
const time = (seconds: number | undefined): string =>
    seconds === undefined ? "not seen" : `${seconds.toFixed(1)} s`;
/** Entries that nobody timed are seen, and their age is not known. */
const lossTime = ({ seconds, unproven, entries }: VolumeLoss): string => {
    if (unproven !== undefined) return `${time(unproven)} if the whole site was dead`;
    return seconds === undefined && entries !== undefined ? "not known" : time(seconds);
};
const list = (lines: string[]): string[] =>
    lines.length === 0 ? ["nothing", ""] : [...lines.map((line) => `- ${block(line)}`), ""];

const consentLine = ({ flag, means, who, at }: ReportConsent): string =>
    `\`${flag}\`: ${means}${who === undefined || at === undefined ? "" : `; said by ${who} at ${at}`}`;
const resumedBy = ([, ...later]: readonly ReportRun[]): string =>
    later.length === 0
        ? "never"
        : `${String(later.length)} times: ${later.map(({ who, at }) => `by ${who} at ${at}`).join(", ")}`;

/** The report as a page of Markdown. */
export function renderReport(report: Report): string {
    return [
        `# ${report.verb} of ${report.backend}: ${report.outcome}`,
        "",
        block(report.fact),
        "",
        ...table(
            ["", ""],
            [
                ["operation", report.id],
                ["who", report.who],
                ["begun", report.begunAt],
                ["ended", report.endedAt ?? "not"],
                ["resumed", resumedBy(report.runs)],
                ["cinder-dr", report.version],
            ],
        ),
        "## Plan",
        "",
        ...list(report.plan),
        "## Consents",
        "",
        ...list(report.consents.map(consentLine)),
        "## RTO",
        "",
        ...table(["phase", "time"], phaseRows(report.runs, report.rtoSeconds)),
        "## RPO",
        "",
        ...table(
            ["volume", "name", "at most", "journal entries"],
            report.losses.map((l) => [
                l.volume,
                named(l.name),
                lossTime(l),
                l.entries === undefined ? "not seen" : String(l.entries),
            ]),
        ),
        "## Steps",
        "",
        ...table(
            ["at", "step", "outcome", "time"],
            report.steps.map((s) => [
                s.at,
                s.step,
                s.reason === undefined ? s.outcome : `${s.outcome}: ${s.reason}`,
                s.seconds === undefined ? "" : time(s.seconds),
            ]),
        ),
        "## Left to do",
        "",
        ...list(report.left),
    ].join("\n");
}
