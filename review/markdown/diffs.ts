import { structuredPatch } from "diff";

import type { Review } from "../judge";
import { HIDDEN } from "../mask";
import type { Step } from "../steps";
import { count, fence } from "./text";

/** Lines around a change, as `diff -u` gives them. */
const CONTEXT = 3;

/** Hunks of a unified diff, without the header. */
function hunks(before: string, after: string): string[] {
    const patch = structuredPatch("", "", before, after, "", "", { context: CONTEXT });
    return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
        `@@ -${String(oldStart)},${String(oldLines)} +${String(newStart)},${String(newLines)} @@`,
        ...lines.filter((line) => !line.startsWith("\\")),
    ]);
}

interface StanzaDiff {
    section: string;
    hosts: string[];
    lines: string[];
}

/** The rendered sections that differ, one diff for all hosts that have the same. */
export function stanzaDiffs({ changes: { before, after } }: Pick<Review, "changes">): StanzaDiff[] {
    const groups = new Map<string, StanzaDiff>();
    for (const host of new Set([...before.hosts.keys(), ...after.hosts.keys()])) {
        const [old, now] = [
            before.hosts.get(host)?.stanzas ?? {},
            after.hosts.get(host)?.stanzas ?? {},
        ];
        for (const section of new Set([...Object.keys(old), ...Object.keys(now)])) {
            const [from, to] = [old[section] ?? "", now[section] ?? ""];
            if (from === to) continue;
            const key = JSON.stringify([section, from, to]);
            const group = groups.get(key) ?? { section, hosts: [], lines: hunks(from, to) };
            group.hosts.push(host);
            groups.set(key, group);
        }
    }
    return [...groups.values()];
}

/** How many hosts are named above one diff. */
const MOST = 6;

export const stanzaLines = (review: Review): string[] =>
    stanzaDiffs(review).flatMap(({ section, hosts, lines }) => {
        const more = hosts.length - MOST;
        const on = `${hosts.slice(0, MOST).join(", ")}${more > 0 ? ` and ${String(more)} more` : ""}`;
        return [`--- [${section}] before, on ${on}`, `+++ [${section}] after`, ...lines];
    });

/** What a provider's bridge notes beside the inputs: nobody typed it. */
const ENGINES_OWN = "__defaults";

/** Every leaf of a value by its path, as it is written in JSON; texts of several lines stay as they are. */
function leaves(value: unknown, path = ""): [string, string][] {
    if (typeof value === "object" && value !== null && Object.keys(value).length > 0)
        return Object.entries(value)
            .filter(([key]) => key !== ENGINES_OWN)
            .flatMap(([key, item]) => leaves(item, path === "" ? key : `${path}.${key}`));
    const isText = typeof value === "string" && value.includes("\n");
    return [[path, isText || value === HIDDEN ? value : JSON.stringify(value)]];
}

const indented = (sign: string, path: string, text: string): string[] =>
    text.includes("\n")
        ? [
              `${sign}     ${path}:`,
              ...text
                  .trimEnd()
                  .split("\n")
                  .map((line) => `${sign}         ${line}`),
          ]
        : [`${sign}     ${path}: ${text}`];

function valueLines(path: string, before: string | undefined, after: string | undefined): string[] {
    if (before === after) return [];
    const isText = (before ?? "").includes("\n") || (after ?? "").includes("\n");
    if (isText && before !== undefined && after !== undefined)
        return [`      ${path}:`, ...hunks(before, after).filter((line) => !line.startsWith("@@"))];
    return [
        ...(before === undefined ? [] : indented("-", path, before)),
        ...(after === undefined ? [] : indented("+", path, after)),
    ];
}

const SIGNS: Record<string, string> = { create: "+", delete: "-", "delete-replaced": "-" };

function stepLines({ op, type, name, before, after, diffs }: Step): string[] {
    const title = `${SIGNS[op] ?? "!"} ${op} ${type} ${name}`;
    const old = new Map(before === undefined ? [] : leaves(before.inputs));
    const now = new Map(after === undefined ? [] : leaves(after.inputs));
    // What is deleted is named; all it was is in git and in the state.
    if (after === undefined) return [title];
    const lines = [...new Set([...old.keys(), ...now.keys()])].flatMap((path) =>
        valueLines(path, old.get(path), now.get(path)),
    );
    const hidden = diffs
        .filter((path) => old.get(path) === HIDDEN && now.get(path) === HIDDEN)
        .map((path) => `!     ${path}: ${HIDDEN} changes`);
    return [title, ...lines, ...hidden];
}

/** Every step with the inputs that differ. */
export const fullDiff = ({ steps }: Review): string[] => steps.flatMap(stepLines);

/** A diff cut at a line, with a word on what is missing. */
export function fencedDiff(lines: readonly string[], most: number): string[] {
    const shown: string[] = [];
    let used = 0;
    for (const line of lines) {
        used += Buffer.byteLength(line) + 1;
        if (used > most) break;
        shown.push(line);
    }
    const left = lines.length - shown.length;
    return [
        ...fence("diff", shown),
        ...(left > 0
            ? ["", `${count(left, "more line")}: run \`pulumi preview --diff\` to see all.`]
            : []),
    ];
}
