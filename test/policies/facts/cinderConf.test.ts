import { strict as assert } from "node:assert";

import { confIn, sectionsIn } from "../../../policies/facts/cinderConf";

const plain = (text: string, read = sectionsIn) =>
    read(text).map(({ name, options, whole }) => [name, Object.fromEntries(options), whole]);

describe("sectionsIn", () => {
    for (const [what, text, expected] of [
        ["a section", "[a]\nb = c\n", [["a", { b: ["c"] }, true]]],
        [
            "other separators and spaces",
            "[a]\nb:c\nd  =  e f  \ng=\n",
            [["a", { b: ["c"], d: ["e f"], g: [""] }, true]],
        ],
        ["a value with separators", "[a]\nb = c:d=e\n", [["a", { b: ["c:d=e"] }, true]]],
        ["an option twice", "[a]\nb = 1\nb = 2\n", [["a", { b: ["1", "2"] }, true]]],
        [
            "comments and empty lines",
            "# x\n[a]\n; y\n\nb = c\n  # z\n",
            [["a", { b: ["c"] }, true]],
        ],
        [
            "continued values",
            "[a]\nb = c,\n  d,\n\te\nf = g\n",
            [["a", { b: ["c,\nd,\ne"], f: ["g"] }, true]],
        ],
        [
            "an indented option, which oslo.config takes for a part of the value above",
            "[a]\nb = c\n  d = e\n",
            [["a", { b: ["c\nd = e"] }, true]],
        ],
        [
            "a text that is indented as a whole",
            "  [a]\n  b = c\n    d\n  e = f\n",
            [["a", { b: ["c\nd"], e: ["f"] }, true]],
        ],
        [
            "an indented option after an empty line",
            "[a]\nb = c\n\n  d = e\n",
            [["a", { b: ["c"], d: ["e"] }, true]],
        ],
        ["an indented option after the header", "[a]\n  b = c\n", [["a", { b: ["c"] }, true]]],
        [
            "the end of a here-document",
            "cat <<E\n[a]\nb = c\nE\nd = e\n",
            [["a", { b: ["c"] }, true]],
        ],
        [
            "two sections",
            "[a]\nb = c\n[d]\ne = f\n",
            [
                ["a", { b: ["c"] }, true],
                ["d", { e: ["f"] }, true],
            ],
        ],
        ["carriage returns", "[a]\r\nb = c\r\n", [["a", { b: ["c"] }, true]]],
        [
            "a name with a space",
            "[global]\nmon host = x\n",
            [["global", { "mon host": ["x"] }, true]],
        ],
        ["options without a section", "b = c\n", []],
        ["a header with something behind it", "[a] x\nb = c\n", []],
        ["a header with something before it", "x [a]\nb = c\n", []],
        ["a name that begins with a digit", "[a]\n1b = c\n", [["a", {}, true]]],
    ] as const)
        it(`reads ${what}`, () => {
            assert.deepEqual(plain(text), expected);
        });
});

describe("confIn", () => {
    it("leaves texts without a hint alone", () => {
        assert.deepEqual(confIn("[a]\nb = c\n"), []);
        for (const hint of [
            "replication_device",
            "RBDDriver",
            "rbd_x",
            "enabled_backends",
            "cinder",
            "send_service_user_token",
        ])
            assert.equal(confIn(`[a]\nb = ${hint}\n`).length, 1, hint);
    });

    it("reads options that a tool sets, the last one of a name", () => {
        const text =
            "sudo crudini --set /etc/cinder/cinder.conf a b 1; openstack-config --existing --set f a b 2\ncrudini --set f a c\ncrudini --get f a d\ncrudini --set f\ncrudini --set f x";
        assert.deepEqual(plain(text, confIn), [["a", { b: ["2"], c: [""] }, false]]);
    });

    it("reads lines that are appended", () => {
        const line = (command: string) => plain(`${command} >> /etc/cinder/cinder.conf`, confIn);
        const expected = [["…", { replication_device: ["backend_id:x"] }, false]];
        assert.deepEqual(line("echo 'replication_device = backend_id:x'"), expected);
        assert.deepEqual(line('echo -e "replication_device=backend_id:x"'), expected);
        assert.deepEqual(line("printf 'replication_device = backend_id:x \\n'"), expected);
        assert.deepEqual(line("cat 'replication_device = backend_id:x'"), []);
    });
});
