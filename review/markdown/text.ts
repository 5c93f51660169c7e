import { escapeOf } from "../../core/named";

/** The longest name or value that is shown whole. */
const SHOWN = 120;

/** Characters without a width, or that turn the text around: they would let one name look like another. */
const INVISIBLE =
    // eslint-disable-next-line no-control-regex -- control characters are what must become visible
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const visible = (text: string): string => text.replace(INVISIBLE, escapeOf);

const entity = (character: string): string => `&#${String(character.codePointAt(0))};`;

export const cut = (text: string, length: number): string => {
    const characters = Array.from(text);
    return characters.length > length ? `${characters.slice(0, length).join("")}…` : text;
};

/** Words that stand in a code span as they are: no backtick, no pipe, no tag, no end of line. */
const SIMPLE = /^(?! )[A-Za-z0-9 ._:/@=+,()[\]{}"'%$#~^;?!&*…-]+(?<! )$/;

/**
 * A foreign name or value. In code nothing is read as Markdown, a mention or a link; what would end a code span stands
 * as an entity.
 */
export function code(text: string, length = SHOWN): string {
    const shown = cut(visible(text), length).replaceAll("\n", "\\n");
    if (SIMPLE.test(shown)) return `\`${shown}\``;
    return `<code>${shown.replace(/[^A-Za-z0-9 ./…-]/gu, entity)}</code>`;
}

/** Stands between characters that would be read together as a mention, a reference, a link or an emoji. */
const APART = "&#8203;";

/** A sentence with foreign words in it, as plain text and nothing else. */
export const prose = (text: string, length = 600): string =>
    cut(visible(text).replace(/\s+/g, " "), length)
        .replace(/[&<>`*[\]|~\\$]/g, entity)
        // Inside a word an underscore is only itself.
        .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, entity)
        .replace(/@(?=\w)/g, `@${APART}`)
        .replace(/#(?=\d)/g, (hash, at: number, whole: string) =>
            // The entities made above.
            whole[at - 1] === "&" ? hash : `${hash}${APART}`,
        )
        .replace(/:(?=\/\/)|:(?=[\w+-]+:)/g, `:${APART}`)
        .replace(/\bwww\./gi, `www${APART}.`)
        .replace(/\bGH-(?=\d)/gi, (gh) => `${gh}${APART}`)
        // At the start of a list's item they would make a heading, another list or a rule.
        .replace(/^[#+=\d-]/, entity);

export const row = (...cells: string[]): string => `| ${cells.join(" | ")} |`;

export const table = (head: string[], rows: readonly string[]): string[] => [
    row(...head),
    row(...head.map(() => "---")),
    ...rows,
];

/** `a`, `b` and 3 more */
export function names(all: readonly string[], most = 8): string {
    const shown = all.slice(0, most).map((name) => code(name));
    const more = all.length - shown.length;
    if (more > 0) return `${shown.join(", ")} and ${String(more)} more`;
    return shown.join(", ");
}

export const count = (n: number, one: string, many = `${one}s`): string =>
    `${String(n)} ${n === 1 ? one : many}`;

/** Text that is shown letter by letter. The fence is longer than any run of backticks in it. */
export function fence(language: string, lines: readonly string[]): string[] {
    const text = lines.map(visible);
    const runs = text.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length);
    const mark = "`".repeat(Math.max(2, ...runs) + 1);
    return [mark + language, ...text, mark];
}

export const bytes = (text: string): number => Buffer.byteLength(text, "utf8");

/** As many whole lines as fit, and how many do not. */
export function fitting(lines: readonly string[], most: number): { lines: string[]; left: number } {
    const shown: string[] = [];
    let used = 0;
    for (const line of lines) {
        used += bytes(line) + 1;
        if (used > most) break;
        shown.push(line);
    }
    return { lines: shown, left: lines.length - shown.length };
}

/** A part that a reader opens. */
export const details = (summary: string, lines: readonly string[]): string[] => [
    "<details>",
    `<summary>${summary}</summary>`,
    "",
    ...lines,
    "",
    "</details>",
];
