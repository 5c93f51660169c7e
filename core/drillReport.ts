import { checkEnd, type DrilledImage, type DrillReport } from "./drill";
import { cell } from "./markdown";

const seconds = (value: number | undefined): string =>
    value === undefined ? "–" : `${value.toFixed(1)} s`;

const table = (head: string[], rows: string[][]): string[] =>
    [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`);

const mebibytes = (bytes: number): string => `${String(Math.round(bytes / (1 << 20)))} MiB`;

const row = (image: DrilledImage): string[] => [
    image.volumeName ?? "",
    `${image.pool}/${image.image}`,
    mebibytes(image.sizeBytes),
    `${image.from} → ${image.to}`,
    seconds(image.rpoSeconds),
    seconds(image.cloneSeconds),
    image.toSha256 === undefined ? "–" : image.toSha256.slice(0, 16),
    image.fault ?? "proven",
];

/** The report for people: Markdown, complete and without secrets. */
export function renderDrill(report: DrillReport): string {
    const proven = report.images.filter((image) => image.fault === undefined).length;
    return [
        `# Drill ${report.id}`,
        "",
        `**${report.ok ? "Passed" : "Not passed"}**: ${String(proven)} of ${String(report.images.length)} images proven.`,
        "",
        ...table(
            ["", ""],
            [
                ["run by", report.who],
                ["began", report.startedAt],
                ["ended", report.endedAt],
                ["backend", report.backend],
                ["RPO (largest bound)", seconds(report.rpoSeconds)],
                ["RTO (clone and check)", seconds(report.rtoSeconds)],
            ],
        ),
        "",
        "RPO: from before an image's snapshot was asked for until the snapshot was on the other site. RTO: making the",
        "clones and running the check; Cinder's own failover and the servers are not in it.",
        "",
        "## Phases",
        "",
        ...table(
            ["phase", "time"],
            report.phases.map((phase) => [phase.name, seconds(phase.seconds)]),
        ),
        "",
        "## Images",
        "",
        ...table(
            ["volume", "image", "size", "direction", "RPO", "clone", "SHA-256", "result"],
            report.images.map(row),
        ),
        ...checks(report),
        ...list("Left by this run: remove by hand", report.left),
        ...list("Left by earlier runs, removed by this one", report.leftoversRemoved),
        "",
    ].join("\n");
}

function checks(report: DrillReport): string[] {
    if (report.checks.length === 0) return ["", "No check command was given."];
    const rows = report.checks.map((check) => [
        `\`${check.command}\``,
        check.site,
        checkEnd(check),
        seconds(check.seconds),
    ]);
    return ["", "## Check", "", ...table(["command", "clones on", "result", "time"], rows)];
}

const list = (title: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : ["", `## ${title}`, "", ...names.map((name) => `- \`${name}\``)];
