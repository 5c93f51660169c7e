import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import fc from "fast-check";

import { toShell } from "../../core/shell";

/** What a real shell makes of the lines, word by word; one shell for all of them, since each is a process. */
const wordsOf = (lines: string[]): string[] =>
    execFileSync("sh", ["-c", lines.map((line) => `printf '%s\\0' ${line}`).join("\n")], {
        encoding: "utf8",
    })
        .split("\0")
        .slice(0, -1);

describe("a command as one line", () => {
    it("is read back word by word by a real sh", function () {
        // Dozens of processes, which a busy machine starts slowly.
        this.timeout(60_000);
        // NUL ends a word in C, and lone surrogates have no UTF-8 form: neither can be a word.
        const word = fc
            .oneof(
                fc.string({ unit: "grapheme" }),
                fc.string({ unit: fc.constantFrom(..."'\"\\$`!*?~#;&|<>(){}[] \t\n-=a") }),
            )
            .filter((text) => !text.includes("\0"));
        const line = fc.array(word, { minLength: 1 });
        fc.assert(
            fc.property(fc.array(line, { minLength: 1 }), (lines) => {
                assert.deepEqual(wordsOf(lines.map(toShell)), lines.flat());
            }),
            {
                numRuns: 40,
                examples: [
                    [[["", "$(id)", "`id`", "it's", "-n", "a=b", "réplique"]]],
                    // Each of them alone, where it means most to a shell.
                    [[[..."$~*?!#;&|<>(){}[]'\"\\` \n"].map((char) => `${char}HOME`)]],
                ],
            },
        );
    });

    it("has no quotes where none are needed", () => {
        assert.equal(
            toShell(["rbd", "--conf", "/etc/ceph/ceph.conf", "a@b"]),
            "rbd --conf /etc/ceph/ceph.conf a@b",
        );
    });
});
