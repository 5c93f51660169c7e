import { strict as assert } from "node:assert";

import { marked, type Token, type Tokens } from "marked";

/** Raw HTML that a comment may hold: nothing else of it is ours. */
const OURS =
    /^(?:<!-- cinder-dr review [\w-]+ -->|<\/?(?:details|summary|code|sub)>|<br>|<summary>[^<>]*<\/summary>|<details>\s*<summary>[^<>]*<\/summary>)$/;

function every(tokens: readonly Token[], see: (token: Token) => void): void {
    for (const token of tokens) {
        see(token);
        const inner = (token as { tokens?: Token[] }).tokens;
        if (inner !== undefined) every(inner, see);
        if (token.type === "list")
            for (const item of (token as Tokens.List).items) every(item.tokens, see);
        if (token.type === "table") {
            const { header, rows } = token as Tokens.Table;
            for (const cell of [header, ...rows].flat()) every(cell.tokens, see);
        }
    }
}

/**
 * Whether a comment is the Markdown that was meant: whole tables, closed parts, no foreign HTML, no link, image,
 * mention or reference.
 */
export function assertValid(markdown: string): void {
    const tokens = marked.lexer(markdown, { gfm: true });
    let text = "";
    every(tokens, (token) => {
        assert.ok(!["link", "image", "def", "blockquote", "hr"].includes(token.type), token.raw);
        if (token.type === "html")
            for (const tag of token.raw.trim().split("\n"))
                for (const part of tag.match(/<[^>]*>[^<]*(?=<|$)/g) ?? [tag])
                    assert.match(part.replace(/>[^<>]*$/, ">"), OURS, token.raw);
        if (token.type === "text" && !("tokens" in token)) text += token.raw;
        if (token.type === "table") {
            const { header, rows } = token as Tokens.Table;
            for (const row of rows) assert.equal(row.length, header.length, token.raw);
        }
    });
    const outside = markdown.replace(/^(`{3,})[^]*?^\1$/gm, "");
    assert.equal(
        (outside.match(/<details>/g) ?? []).length,
        (outside.match(/<\/details>/g) ?? []).length,
    );
    assert.doesNotMatch(text, /@\w|(?<!&)#\d|https?:\/\/|www\./, "a mention, reference or link");
    for (const line of outside.split("\n").filter((l) => l.startsWith("|")))
        assert.match(line, /\|$/, "a row that is cut");
}
