import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { goodTopology } from "../support/topology";

const PROJECT = join(__dirname, "../..");

/** The package as another Pulumi program gets it, unpacked beside the dependencies that npm would install. */
describe("the package that npm pack makes", () => {
    const home = mkdtempSync(join(tmpdir(), "cinder-dr-pack-"));
    const modules = join(home, "node_modules");
    const run = (file: string, args: string[], env: NodeJS.ProcessEnv = {}): string =>
        execFileSync(file, args, { cwd: home, encoding: "utf8", env: { ...process.env, ...env } });

    before(() => {
        run("npm", ["pack", "--silent", "--pack-destination", home, PROJECT]);
        const archive = readdirSync(home).find((name) => name.endsWith(".tgz")) ?? "";
        mkdirSync(join(modules, "cinder-dr"), { recursive: true });
        run("tar", ["-xzf", archive, "-C", join(modules, "cinder-dr"), "--strip-components=1"]);
        for (const name of readdirSync(join(PROJECT, "node_modules")))
            if (!name.startsWith(".") && name !== "cinder-dr")
                symlinkSync(join(PROJECT, "node_modules", name), join(modules, name));
    });
    after(() => {
        rmSync(home, { recursive: true, force: true });
    });

    it("declares a topology from a plain JavaScript program", () => {
        writeFileSync(
            join(home, "program.js"),
            `const pulumi = require("@pulumi/pulumi");
            const seen = [];
            const mocks = {
                newResource: ({ type, name, inputs }) => (seen.push(type), { id: name, state: inputs }),
                call: ({ token }) => { throw new Error(token); },
            };
            pulumi.runtime.setMocks(mocks).then(async () => {
                const { CinderDisasterRecovery } = require("cinder-dr");
                const topology = JSON.parse(process.env.TOPOLOGY);
                const { volumeTypeIds } = new CinderDisasterRecovery("dr", { topology });
                await new Promise((resolve) => volumeTypeIds.apply(resolve));
                console.log(JSON.stringify(seen));
            });`,
        );
        const seen = JSON.parse(
            run("node", ["program.js"], { TOPOLOGY: JSON.stringify(goodTopology()) }),
        ) as string[];
        assert.ok(seen.includes("command:remote:Command"), seen.join());
        assert.ok(seen.includes("openstack:blockstorage/volumeTypeV3:VolumeTypeV3"), seen.join());
    });

    it("type-checks in a strict TypeScript program", () => {
        writeFileSync(
            join(home, "program.ts"),
            `import { ReplicatedVolumeType } from "cinder-dr";
            export const id = new ReplicatedVolumeType("gold", { volumeBackendName: "ceph" }).volumeTypeId;`,
        );
        const tsc = join(PROJECT, "node_modules/typescript/bin/tsc");
        run("node", [
            tsc,
            "--noEmit",
            "--strict",
            "--module",
            "nodenext",
            "--skipLibCheck",
            "--types",
            "node",
            "program.ts",
        ]);
    });

    it("carries the command and the host file, and no source or test", () => {
        const help = run("node", [join(modules, "cinder-dr/cli/bin.js"), "verify", "--help"]);
        assert.match(help, /Usage: cinder-dr verify/);
        const top = readdirSync(join(modules, "cinder-dr")).sort();
        assert.deepEqual(top, [
            "CHANGELOG.md",
            "LICENSE",
            "README.md",
            "cli",
            "core",
            "dist",
            "docs",
            "host",
            "package.json",
        ]);
    });
});
