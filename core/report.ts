import { begunOf, endedOf, type JournalEntry, type Outcome } from "./operation";

/** What may be lost of one volume, as seen before the operation. */
export interface VolumeLoss {
    volume: string;
    name: string;
    /** Bound on the age of what the target lacks; undefined where it could not be seen. */
    seconds?: number;
    /** Journal entries that the target had not replayed. */
    entries?: number;
}

/** One leg of the way from the command to the goal. */
export interface Phase {
    phase: string;
    seconds: number;
}

/** The plan's data: what was shown before anything was done. */
export interface Planned {
    lines: string[];
}

/** One consent's data, as the operator gave it. */
export interface Consented {
    /** The flag, e.g. `--accept-loss unreplicated=1`. */
    flag: string;
    /** What it allowed, one sentence. */
    means: string;
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
    consents: Consented[];
    steps: ReportStep[];
    /** How long each phase of the way took, of the last run; the sum is the RTO. */
    phases: Phase[];
    /** RPO by volume. */
    losses: VolumeLoss[];
    left: string[];
    resumed: number;
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
        consents: entries.flatMap((e) => (e.kind === "consented" ? [e.data as Consented] : [])),
        steps: stepsOf(entries),
        phases: (dataOf(entries, "noted", "phases") as Phase[] | undefined) ?? [],
        losses: (dataOf(entries, "noted", "losses") as VolumeLoss[] | undefined) ?? [],
        left: ended?.left ?? [`cinder-dr resume ${id}`],
        resumed: entries.filter((e) => e.kind === "resumed").length,
    };
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
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
const lossTime = ({ seconds, entries }: VolumeLoss): string =>
    seconds === undefined && entries !== undefined ? "not known" : time(seconds);
const list = (lines: string[]): string[] =>
    lines.length === 0 ? ["nothing", ""] : [...lines.map((line) => `- ${line}`), ""];

/** The report as a page of Markdown. */
export function renderReport(report: Report): string {
    const total = report.phases.reduce((sum, { seconds }) => sum + seconds, 0);
    return [
        `# ${report.verb} of ${report.backend}: ${report.outcome}`,
        "",
        report.fact,
        "",
        ...table(
            ["", ""],
            [
                ["operation", report.id],
                ["who", report.who],
                ["begun", report.begunAt],
                ["ended", report.endedAt ?? "not"],
                ["resumed", `${String(report.resumed)} times`],
                ["cinder-dr", report.version],
            ],
        ),
        "## Plan",
        "",
        ...list(report.plan),
        "## Consents",
        "",
        ...list(report.consents.map(({ flag, means }) => `\`${flag}\`: ${means}`)),
        "## RTO",
        "",
        ...table(
            ["phase", "time"],
            report.phases.length === 0
                ? []
                : [...report.phases.map((p) => [p.phase, time(p.seconds)]), ["sum", time(total)]],
        ),
        "## RPO",
        "",
        ...table(
            ["volume", "name", "at most", "journal entries"],
            report.losses.map((l) => [
                l.volume,
                l.name,
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
