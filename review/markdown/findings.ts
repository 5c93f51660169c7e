import type { Review, ReviewedRisk } from "../judge";
import { code, count, fitting, names, prose, row, table } from "./text";

function marks({ accepted, isEarlier, level }: ReviewedRisk): string {
    return `${level}${accepted ? ", accepted" : ""}${isEarlier ? ", earlier" : ""}`;
}

/** Things of which the same is said stand on one row. */
function grouped(risks: readonly ReviewedRisk[]): ReviewedRisk[][] {
    const groups = new Map<string, ReviewedRisk[]>();
    for (const risk of risks) {
        const key = JSON.stringify([risk.name, risk.kind, risk.fact, risk.next, marks(risk)]);
        groups.set(key, [...(groups.get(key) ?? []), risk]);
    }
    return [...groups.values()];
}

const subjectsOf = (group: readonly ReviewedRisk[]): string => {
    const [{ kind, subject } = { kind: "", subject: "" }] = group;
    if (subject === "") return "the stack";
    const all = group.map((risk) => risk.subject);
    return `${kind} ${names(all, 6)}`;
};

const rowOf = (group: ReviewedRisk[]): string[] =>
    group
        .slice(0, 1)
        .map((risk) =>
            row(
                marks(risk),
                subjectsOf(group),
                prose(risk.fact),
                prose(risk.next),
                code(risk.name),
            ),
        );

/** Bytes of the risk list; what does not fit is counted, by whole rows. */
const RISK_BYTES = 20_000;
/** Bytes of the reasons why nothing can be said. */
const FAILURE_BYTES = 8_000;

/** Every risk, the worst first. */
export function riskTable({ risks, isBlind, isFromTopology }: Review): string[] {
    const none = isFromTopology
        ? "None was found between the two topologies; what else the change does was not seen."
        : "None was found.";
    if (risks.length === 0) return isBlind ? [] : ["### Risks", "", none];
    const rows = grouped(risks).flatMap(rowOf);
    const { lines, left } = fitting(rows, RISK_BYTES);
    return [
        "### Risks",
        "",
        ...table(["Level", "Where", "What happens", "What to do", "Name"], lines),
        ...(left > 0
            ? [
                  "",
                  `${count(left, "further row")} of the last level shown or below; --format json has all.`,
              ]
            : []),
    ];
}

/** Why nothing can be said. */
export function failureList({ failures, isFromTopology, isBlind }: Review): string[] {
    if (failures.length === 0) return [];
    const lines = failures.flatMap((failure) =>
        failure
            .split("\n")
            .filter((line) => line.trim() !== "")
            .map(
                (line, i) =>
                    `${i === 0 ? "- " : "  "}${line.startsWith("  ") ? "- " : ""}${prose(line.trim())}`,
            ),
    );
    const { lines: shown, left } = fitting(lines, FAILURE_BYTES);
    return [
        "### Why it could not be judged",
        "",
        ...shown,
        ...(left > 0 ? [`- and ${count(left, "more line")}`] : []),
        "",
        isFromTopology
            ? "What follows compares the two topologies alone; the preview did not confirm it."
            : isBlind
              ? "Nothing below tells what `pulumi up` would do."
              : "What follows is what was seen, and not to be relied on.",
        "",
    ];
}
