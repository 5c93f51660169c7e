import assert from "node:assert/strict";
import {
    chmodSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashSources, removeLeftovers } from "../../toolchain/build.mjs";
import { cliOnPath, inspect, mark, partsIn, pulumiHome } from "../../toolchain/parts.mjs";
import { versions } from "../../toolchain/versions.mjs";

describe("the parts of the toolchain on disk", () => {
    let home: string;
    beforeEach(() => {
        home = mkdtempSync(join(tmpdir(), "toolchain-"));
    });
    afterEach(() => {
        rmSync(home, { recursive: true });
    });
    const command = () => partsIn(home).find((part) => part.name === "command")!;
    const put = (path: string, text: string, mode = 0o755) => {
        mkdirSync(join(path, ".."), { recursive: true });
        writeFileSync(path, text);
        chmodSync(path, mode);
    };
    const plugin = () => join(command().dir, "pulumi-resource-command");

    it("are where the engine and the npm package look", () => {
        assert.deepEqual(
            partsIn("/h").map((part) => part.dir),
            [
                `/h/versions/${versions.pulumi}/bin`,
                `/h/plugins/resource-command-v${versions.plugins.command}`,
                `/h/plugins/resource-openstack-v${versions.plugins.openstack}`,
            ],
        );
        assert.equal(pulumiHome({ PULUMI_HOME: "/x" }), "/x");
        assert.match(pulumiHome({}), /\/\.pulumi$/);
    });

    it("are missing when absent, empty or not executable", () => {
        assert.equal(inspect(command()).present, false);
        put(plugin(), "");
        assert.equal(inspect(command()).present, false);
        put(plugin(), "x", 0o644);
        assert.equal(inspect(command()).present, false);
    });

    it("keep their origin, until somebody puts other files in their place", () => {
        put(plugin(), "x");
        assert.equal(inspect(command()).origin, "found");
        mark(command(), "built", "abc");
        assert.equal(inspect(command()).origin, "built");
        assert.equal(inspect(command()).sources, "abc");
        put(plugin(), "other");
        assert.equal(inspect(command()).origin, "found");
    });

    it("take a CLI of the right version from the PATH, but not the npm wrapper", () => {
        const script = (version: string) => `#!/bin/sh\necho ${version}\n`;
        const folder = (name: string, version: string) => {
            put(join(home, name, "pulumi"), script(version));
            put(join(home, name, "pulumi-language-nodejs"), script(version));
            return join(home, name);
        };
        const wrapper = folder("node_modules/.bin", `v${versions.pulumi}`);
        const other = folder("other", "v3.1.0");
        const right = folder("right", `v${versions.pulumi}`);
        assert.equal(cliOnPath({ PATH: `${wrapper}:${other}` }), undefined);
        assert.equal(cliOnPath({ PATH: `${wrapper}:${other}:${right}` }), join(right, "pulumi"));
        const linked = join(home, "linked");
        mkdirSync(linked);
        symlinkSync(join(right, "pulumi"), join(linked, "pulumi"));
        assert.equal(cliOnPath({ PATH: linked }), join(right, "pulumi"));
    });

    it("lose what a killed run left half made", () => {
        const files = ["pulumi", ".pulumi.4194305", `.pulumi.${process.pid}`, "x-v1"];
        for (const file of files) put(join(home, file), "x");
        removeLeftovers(home);
        assert.deepEqual(
            readdirSync(home).sort(),
            [`.pulumi.${process.pid}`, "pulumi", "x-v1"].sort(),
        );
    });

    it("are built anew when a source changes, not when a test does", () => {
        put(join(home, "m", "main.go"), "package main");
        const before = hashSources("m", home);
        put(join(home, "m", "main_test.go"), "package main");
        assert.equal(hashSources("m", home), before);
        put(join(home, "m", "main.go"), "package main // changed");
        assert.notEqual(hashSources("m", home), before);
    });
});
