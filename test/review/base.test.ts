import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { stringify } from "yaml";

import { changedSince, fileAt, fileNow } from "../../review/base";
import { BaseError } from "../../review/stackFile";
import { goodTopology, withValue } from "../support/topology";

const stackFile = (topology: unknown): string =>
    stringify({ config: { "cinder-dr:topology": topology } });

describe("a stack's file", () => {
    let repository: string;
    let folder: string;
    const git = (...words: string[]): string =>
        execFileSync(
            "git",
            ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", ...words],
            { cwd: repository, encoding: "utf8" },
        );
    const commit = (file: string, text: string, tag: string): void => {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
        git("add", "--all");
        git("commit", "--quiet", "--message", tag);
        git("tag", tag);
    };

    before(() => {
        repository = mkdtempSync(join(tmpdir(), "cinder-dr-base-"));
        // A stack's folder need not be the repository's.
        folder = join(repository, "stacks");
        git("init", "--quiet", "--initial-branch=main");
        commit("README.md", "no stack yet\n", "empty");
        commit("Pulumi.s.yaml", stackFile(goodTopology()), "first");
        commit(
            "Pulumi.s.yaml",
            stackFile(withValue("backends/ceph/pool", "second", goodTopology())),
            "second",
        );
        commit("Pulumi.s.yaml", stackFile(withValue("backends/ceph/pool", 7)), "wrong");
        commit("Pulumi.s.yaml", "a: [planted\n", "broken");
        commit("Pulumi.s.yaml", "config: {}\n", "bare");
        writeFileSync(join(folder, "Pulumi.s.yaml"), stackFile(goodTopology()));
    });
    after(() => {
        rmSync(repository, { recursive: true });
    });

    const poolAt = async (ref: string, file = "Pulumi.s.yaml") =>
        (await fileAt(ref, file, folder, []))?.topology.backends[0]?.pool;
    const refused = (ref: string, message: string, secrets: string[] = []) =>
        assert.rejects(fileAt(ref, "Pulumi.s.yaml", folder, secrets), (error) => {
            assert.ok(error instanceof BaseError);
            assert.equal(error.message, message);
            return true;
        });

    it("is read as it was at a commit, whatever lies in the work tree", async () => {
        assert.equal(await poolAt("first"), "volumes");
        assert.equal(await poolAt("second"), "second");
        assert.equal(await poolAt("second", join(folder, "Pulumi.s.yaml")), "second");
    });

    it("is none at a commit before the stack's first", async () => {
        assert.equal(await poolAt("empty"), undefined);
    });

    it("is refused for what is no commit, and an option is none", async () => {
        for (const ref of ["no-such", "--help", "first:stacks/Pulumi.s.yaml", ""])
            await refused(ref, `--base must be a commit of this repository, got '${ref}'`);
        const outside = mkdtempSync(join(tmpdir(), "cinder-dr-base-"));
        try {
            await assert.rejects(fileAt("HEAD", "Pulumi.s.yaml", outside, []), {
                message: "--base must be a commit of this repository, got 'HEAD'",
            });
        } finally {
            rmSync(outside, { recursive: true });
        }
    });

    it("is refused when it is wrong, at the path that was typed and without a line of it", async () => {
        await refused(
            "wrong",
            "Pulumi.s.yaml of wrong: topology: 1 problem(s)\n  backends.ceph.pool must be a pool name of letters, digits, '_', '.' and '-', got '7'",
        );
        await refused("broken", "Pulumi.s.yaml of broken is no readable YAML");
        await refused("bare", "Pulumi.s.yaml of bare has no topology (key cinder-dr:topology)");
        await refused(
            "bare",
            "Pulumi.s.yaml of [secret] has no topology (key cinder-dr:topology)",
            ["bare"],
        );
    });

    it("is not all that can change: other files are told by name, those outside by none", async () => {
        assert.deepEqual(await changedSince("first", ["."], folder), []);
        assert.deepEqual(await changedSince("second", ["Pulumi.s.yaml", "."], folder), [
            "Pulumi.s.yaml",
        ]);
        assert.deepEqual(await changedSince("first", ["/usr/share", "none"], folder), []);
    });

    it("is read from the work tree for what the change says", () => {
        const file = join(folder, "Pulumi.s.yaml");
        assert.equal(fileNow(file, []).topology.backends[0]?.pool, "volumes");
        assert.throws(() => fileNow(`${file}.none`, []), {
            name: "BaseError",
            message: `${file}.none: cannot be read (ENOENT)`,
        });
    });
});
