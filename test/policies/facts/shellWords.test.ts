import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";

import * as fc from "fast-check";

import {
    callOf,
    hasVerbs,
    optionsOf,
    positionalsOf,
    statementsIn,
    verbsOf,
} from "../../../policies/facts/shellWords";

describe("statementsIn", () => {
    for (const [text, expected] of [
        ["a b", [["a", "b"]]],
        ["", []],
        ["  a   b  ", [["a", "b"]]],
        ["a; b && c || d | e & f\ng", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]],
        ["(a b)", [["a", "b"]]],
        ["a 'b c' \"d e\"", [["a", "b c", "d e"]]],
        ["a 'b;c' \"d&e\"", [["a", "b;c", "d&e"]]],
        ["a b'c'\"d\"e", [["a", "bcde"]]],
        ["a \\ b", [["a", " b"]]],
        ["a \\\nb", [["a", "b"]]],
        ['a "b\\"c" \'d\\\'', [["a", 'b"c', "d\\"]]],
        ["a 'open", [["a", "open"]]],
        ["a # b c\nd", [["a"], ["d"]]],
        ["a # b", [["a"]]],
        ["a b#c", [["a", "b#c"]]],
        ["sudo sh -c 'a b; c'", [["sudo", "sh", "-c", "a b; c"], ["a", "b"], ["c"]]],
        [
            "bash -lc 'a b'",
            [
                ["bash", "-lc", "a b"],
                ["a", "b"],
            ],
        ],
        ["echo 'a b'", [["echo", "a b"]]],
        ["echo -c word", [["echo", "-c", "word"]]],
        ["x --c 'a b'", [["x", "--c", "a b"]]],
        [
            "-c 'a b'",
            [
                ["-c", "a b"],
                ["a", "b"],
            ],
        ],
        [
            "a $(b c) d",
            [
                ["a", "$(b c)", "d"],
                ["b", "c"],
            ],
        ],
        [
            "a x$(b $(c d))y e",
            [
                ["a", "x$(b $(c d))y", "e"],
                ["b", "$(c d)"],
                ["c", "d"],
            ],
        ],
        [
            'a "$(b c) `d e`" f',
            [
                ["a", "$(b c) `d e`", "f"],
                ["b", "c"],
                ["d", "e"],
            ],
        ],
        [
            "a `b c` d",
            [
                ["a", "`b c`", "d"],
                ["b", "c"],
            ],
        ],
        ["a $(b c", [["a", "$(b c"]]],
        ["a `b c", [["a", "`b c"]]],
        [
            "a '$(b c)'",
            [
                ["a", "$(b c)"],
                ["b", "c"],
            ],
        ],
        ["a $b (c)", [["a", "$b"], ["c"]]],
    ] as const)
        it(`splits ${JSON.stringify(text)}`, () => {
            assert.deepEqual(statementsIn(text), expected);
        });

    it("reads words as a POSIX shell does", () => {
        const word = fc.string({
            unit: fc.constantFrom("a", "b", " ", "'", '"', "\\", ";", "|", "#", "-", "="),
            maxLength: 8,
        });
        fc.assert(
            fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
                const line = words.map((w) => `'${w.replaceAll("'", `'\\''`)}'`).join(" ");
                const [statement] = statementsIn(`x ${line}`);
                const out = execFileSync("/bin/sh", [
                    "-c",
                    `for w in ${line}; do printf '%s\\0' "$w"; done`,
                ]).toString();
                assert.deepEqual(statement, ["x", ...out.split("\0").slice(0, -1)]);
            }),
            { numRuns: 40 },
        );
    });
});

describe("the arguments of a call", () => {
    it("begin behind the program, wherever it stands", () => {
        assert.deepEqual(callOf(["sudo", "-n", "/usr/bin/rbd", "ls"], "rbd"), ["ls"]);
        assert.deepEqual(callOf(["rbd", "ls"], "rbd"), ["ls"]);
        assert.equal(callOf(["rbd-nbd", "ls"], "rbd"), undefined);
        assert.equal(callOf(["xrbd"], "rbd"), undefined);
    });

    it("are verbs and options", () => {
        assert.deepEqual(verbsOf(["--a", "b", "-c", "d"]), ["b", "d"]);
        assert.ok(
            hasVerbs(["--x", "y", "mirror", "--z", "pool", "enable"], "mirror", "pool", "enable"),
        );
        assert.ok(!hasVerbs(["mirror", "image", "enable"], "mirror", "pool"));
        assert.ok(!hasVerbs([], "mirror"));
        assert.ok(!hasVerbs(["a"], "b"));
    });

    it("are values of options", () => {
        assert.deepEqual(optionsOf(["--a", "1", "--a=2", "--b=3", "-a=4", "--a=x=y"], "--a"), [
            "1",
            "2",
            "x=y",
        ]);
        assert.deepEqual(optionsOf(["--a"], "--a"), []);
        assert.deepEqual(optionsOf(["-m", "1"], "-m", "--mode"), ["1"]);
    });

    it("are positional", () => {
        assert.deepEqual(
            positionalsOf(["--a", "1", "x", "--b=2", "y", "--public", "z"], ["--public"]),
            ["x", "y", "z"],
        );
        assert.deepEqual(positionalsOf(["-q", "x"]), ["x"]);
        assert.deepEqual(positionalsOf([]), []);
    });
});
