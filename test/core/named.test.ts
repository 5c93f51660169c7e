import assert from "node:assert/strict";

import { block, cell, inline } from "../../core/markdown";
import { inert, named } from "../../core/named";

const EVIL = "db\u001b[1A\u001b[2K\r\nok      backend ceph: all is well";

describe("a name that a user of the cloud has chosen", () => {
    const shown: [what: string, name: string | null, text: string][] = [
        ["stays as it is", "db 1 (old) «é» 日本 \u{1f4be}", "db 1 (old) «é» 日本 \u{1f4be}"],
        ["stays as it is where it joins its letters", "می\u200cخواهم", "می\u200cخواهم"],
        [
            "moves no cursor and ends no line",
            EVIL,
            "db\\u001b[1A\\u001b[2K\\u000d\\u000aok      backend ceph: all is well",
        ],
        ["has no DEL and no C1", "a\u007f\u009b2Kb", "a\\u007f\\u009b2Kb"],
        ["turns no direction", "a\u202eb\u2066c\u2069\u200f", "a\\u202eb\\u2066c\\u2069\\u200f"],
        ["has no separator of lines", "a\u2028b\u2029c", "a\\u2028b\\u2029c"],
        ["is no command", "`cinder-dr failback`", "\\u0060cinder-dr failback\\u0060"],
        ["may be none", null, ""],
        ["may be long", "x".repeat(255), "x".repeat(255)],
    ];
    for (const [what, name, text] of shown)
        it(what, () => {
            assert.equal(named(name), text);
            assert.equal(named(named(name)), text);
        });
    it("keeps backticks where they are ours", () => {
        assert.equal(inert("see `cinder-dr status`\u0007"), "see `cinder-dr status`\\u0007");
    });
});

describe("text in Markdown", () => {
    const texts: [what: string, text: string, line: string][] = [
        ["keeps its spans of code", "`a <b> [c]` is so", "`a <b> [c]` is so"],
        ["is on one line", "a\r\nb\rc\u2028d", "a b c d"],
        ["has no HTML and no comment", "<img src=x> <!-- rest", "\\<img src=x> \\<!-- rest"],
        ["has no link and no picture", "![x](http://y)", "!\\[x](http://y)"],
        ["opens no span that stays open", "a ` b <c>", "a \\` b \\<c>"],
        ["acts on no terminal", "a\u001b[2K", "a\\u001b\\[2K"],
    ];
    for (const [what, text, line] of texts)
        it(what, () => {
            assert.equal(inline(text), line);
        });
    it("ends no cell, in a span of code neither", () => {
        assert.equal(cell("a|b `c|d`\r\n| e \\| f"), "a\\|b `c\\|d` \\| e \\\\\\| f");
    });
    it("begins no heading, quotation or list", () => {
        for (const text of ["# a", "> a", "- a", "* a", "+ a"])
            assert.equal(block(text), `\\${text}`);
        assert.equal(block("`cinder-dr status` # a"), "`cinder-dr status` # a");
    });
});
