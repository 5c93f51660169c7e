import { inert } from "./named";

/** Outside of a span of code these begin HTML, a comment that swallows the rest, a link or a picture. */
const escaped = (text: string): string => text.replaceAll(/[<[`]/g, "\\$&");

/** Text as part of a line of Markdown: on one line, and code spans are all that it can begin. */
export const inline = (text: string): string =>
    inert(text.replaceAll(/[\r\n\u2028\u2029]+/g, " "))
        .split(/(`[^`]*`)/)
        .map((part, index) => (index % 2 === 1 ? part : escaped(part)))
        .join("");

/** Text as a paragraph or an item of a list: it begins no heading, quotation or further list. */
export const block = (text: string): string => inline(text).replace(/^(?=[#>*+-])/, "\\");

/** Text as a cell of a table, which a pipe would end in a span of code too. */
export const cell = (text: string): string =>
    inline(text)
        .replaceAll(/\\(?=\\*\|)/g, "\\\\")
        .replaceAll("|", "\\|");
