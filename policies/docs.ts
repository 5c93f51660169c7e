import { rules } from "./index";
import type { Rule } from "./rule";
import { CHECKS, TRAPS, type Known } from "./traps";

/** Makes a text safe in a cell of a Markdown table; `<is>` would be taken for HTML. */
const cell = (text: string): string =>
    text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");

const row = (...cells: string[]): string => `| ${cells.join(" | ")} |`;

const table = (header: string[], rows: string[][]): string =>
    [row(...header), row(...header.map(() => "---")), ...rows.map((cells) => row(...cells))].join(
        "\n",
    );

const settingsOf = ({ settings = {} }: Rule): string =>
    Object.entries(settings)
        .map(([key, s]) => `\`${key}\` (${JSON.stringify(s.default)}): ${s.description ?? ""}`)
        .map(cell)
        .join("<br>");

const levelOf = (rule: Rule): string =>
    "repair" in rule ? `${rule.level}, can remediate` : rule.level;

const numbers = (given: readonly number[]): string => given.map(String).join(", ");

const ruleTable = (): string =>
    table(
        [
            "Rule",
            "Demand",
            "Otherwise",
            "Source",
            "Level",
            "Severity",
            "Framework",
            "Judges",
            "Settings",
            "Traps",
            "Checks",
        ],
        rules.map((rule) => [
            `\`${rule.name}\``,
            cell(rule.demand),
            cell(rule.why),
            cell(rule.source),
            levelOf(rule),
            rule.severity,
            rule.reference,
            "judge" in rule ? "a resource" : "the stack",
            settingsOf(rule),
            numbers(rule.traps),
            numbers(rule.checks),
        ]),
    );

const coverage = (known: readonly Known[], field: "traps" | "checks"): string =>
    table(
        ["Number", "What", "Rules", "Also, or only, handled by"],
        known.map(({ number, title, elsewhere = "" }) => [
            String(number),
            cell(title),
            rules
                .filter((rule) => rule[field].includes(number))
                .map(({ name }) => `\`${name}\``)
                .join(", "),
            elsewhere,
        ]),
    );

/** One stack of examples/wrong/ and what the pack says of it. */
export interface WrongStack {
    name: string;
    mistake: string;
    /** Lines of `rule: message`. */
    refusals: string[];
}

const wrongTable = (stacks: readonly WrongStack[]): string =>
    table(
        ["Stack", "Mistake", "The pack says"],
        stacks.map(({ name, mistake, refusals }) => [
            `\`${name}\``,
            cell(mistake),
            refusals.map(cell).join("<br>"),
        ]),
    );

/** The page docs/policies.md with its generated parts made anew. @throws Error when a mark is missing */
export function renderPage(page: string, wrong: readonly WrongStack[]): string {
    const parts: Record<string, () => string> = {
        wrong: () => wrongTable(wrong),
        rules: ruleTable,
        traps: () => coverage(TRAPS, "traps"),
        checks: () => coverage(CHECKS, "checks"),
    };
    return Object.entries(parts).reduce((text, [name, render]) => {
        const [start, end] = [`<!-- ${name}: generated -->`, `<!-- ${name}: end -->`];
        const [before, rest] = text.split(start);
        const after = rest?.split(end)[1];
        if (before === undefined || after === undefined)
            throw new Error(`docs/policies.md has no part between '${start}' and '${end}'`);
        return `${before}${start}\n\n${render()}\n\n${end}${after}`;
    }, page);
}
