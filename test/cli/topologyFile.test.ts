import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { readTopology, UsageError } from "../../cli/topologyFile";
import { ProblemsError } from "../../core/problem";
import { parseTopology } from "../../core/topology";
import { goodTopology, withValue } from "../support/topology";

describe("the topology that a command reads", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-topology-"));
    const at = process.cwd();
    const file = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
    };
    const stackFile = (topology: unknown) =>
        stringify({ config: { "cinder-dr:topology": topology }, encryptionsalt: "v1:x" });

    before(() => {
        process.chdir(folder);
    });
    after(() => {
        process.chdir(at);
        rmSync(folder, { recursive: true });
    });

    it("is the stack's, without Pulumi", () => {
        file("Pulumi.prod.yaml", stackFile(goodTopology()));
        assert.deepEqual(readTopology({ stack: "prod" }), parseTopology(goodTopology()));
    });

    it("is a file's, alone or as a stack's file", () => {
        const alone = file("alone.yaml", stringify(goodTopology()));
        const whole = file("whole.yaml", stackFile(goodTopology()));
        for (const topology of [alone, whole])
            assert.deepEqual(readTopology({ topology }), parseTopology(goodTopology()));
    });

    const wrong: [what: string, source: () => object, message: string | RegExp][] = [
        ["neither", () => ({}), "name either --stack NAME or --topology FILE"],
        [
            "both",
            () => ({ stack: "a", topology: "b" }),
            "name either --stack NAME or --topology FILE",
        ],
        ["no such file", () => ({ stack: "nope" }), "Pulumi.nope.yaml: cannot be read (ENOENT)"],
        ["a folder", () => ({ topology: folder }), `${folder}: cannot be read (EISDIR)`],
        [
            "a stack's file without the key",
            () => ({ topology: file("other.yaml", "config: {a:b: c}\n") }),
            /other\.yaml: has no topology \(key cinder-dr:topology\)$/,
        ],
        [
            "an empty file",
            () => ({ topology: file("empty.yaml", "") }),
            /empty\.yaml: has no topology \(key cinder-dr:topology\)$/,
        ],
        [
            "a stack's file with an empty config",
            () => ({ topology: file("null.yaml", "config:\n") }),
            /null\.yaml: has no topology \(key cinder-dr:topology\)$/,
        ],
        [
            "no YAML",
            () => ({ topology: file("bad.yaml", "a: [\nb: 1") }),
            /bad\.yaml: .* at line 2/,
        ],
        [
            "a host twice",
            () => ({ topology: file("twice.yaml", "hosts:\n  a: {}\n  a: {}\n") }),
            /twice\.yaml: Map keys must be unique at line 3/,
        ],
    ];
    for (const [what, source, message] of wrong)
        it(`fails for ${what}`, () => {
            assert.throws(
                () => readTopology(source()),
                (error: Error) => {
                    assert.ok(error instanceof UsageError, error.stack);
                    if (typeof message === "string") assert.equal(error.message, message);
                    else assert.match(error.message, message);
                    return true;
                },
            );
        });

    it("fails with every problem, under the file's name", () => {
        const topology = file(
            "wrong.yaml",
            stringify(withValue("backends/ceph/pool", "a b", withValue("ssh/port", 0))),
        );
        assert.throws(
            () => readTopology({ topology }),
            (error: Error) =>
                error instanceof ProblemsError &&
                error.message.startsWith(`${topology}: 2 problem(s)\n  ssh.port must`),
        );
    });
});
