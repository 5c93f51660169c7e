import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compareVersions, versions } from "../../toolchain/versions.mjs";

const root = join(__dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
interface Manifest {
    engines: { node: string };
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
}
const manifest = JSON.parse(read("package.json")) as Manifest;

describe("toolchain/versions.json", () => {
    it("agrees with package.json", () => {
        assert.equal(manifest.devDependencies["pulumi"], versions.pulumi);
        assert.equal(manifest.dependencies["@pulumi/pulumi"], versions.pulumi);
        assert.equal(manifest.dependencies["@pulumi/command"], versions.plugins.command);
        assert.equal(manifest.dependencies["@pulumi/openstack"], versions.plugins.openstack);
        assert.ok(versions.node.floor.startsWith(manifest.engines.node.replace(">=", "")));
    });

    it("agrees with the Go modules that stand in for the official parts", () => {
        const cli = read("toolchain/go/cli/go.mod");
        assert.match(cli, new RegExp(`pulumi/pkg/v3 v${versions.pulumi}\n`));
        assert.match(cli, new RegExp(`pulumi/sdk/v3 v${versions.pulumi}\n`));
        assert.match(cli, new RegExp(`^go ${versions.go.floor}`, "m"));
        const command = read("toolchain/go/cli/cmd/pulumi-resource-command/main.go");
        assert.match(command, new RegExp(`const version = "${versions.plugins.command}"`));
        const openstack = read("toolchain/go/openstack/provider.go");
        assert.match(openstack, new RegExp(`const version = "${versions.plugins.openstack}"`));
    });

    it("has the tokens of the very @pulumi/openstack that is installed", () => {
        const folder = "node_modules/@pulumi/openstack/blockstorage";
        const types = /openstack:[a-z]+\/\w+:\w+/g;
        const tokens = new Set(read("toolchain/go/openstack/tokens.txt").trim().split("\n"));
        for (const file of ["volumeTypeV3.js", "volumeTypeAccessV3.js"]) {
            const found = read(`${folder}/${file}`).match(types) ?? [];
            assert.ok(found.length > 0);
            for (const token of found) assert.ok(tokens.has(token), token);
        }
    });
});

describe("compareVersions", () => {
    const table: [string, string, number][] = [
        ["1.26", "go1.26.8", -1],
        ["go1.26", "1.26.0", 0],
        ["1.9", "1.26", -1],
        ["v22.0.0", "20.19.5", 1],
    ];
    for (const [a, b, sign] of table) {
        it(`${a} beside ${b}`, () => {
            assert.equal(Math.sign(compareVersions(a, b)), sign);
        });
    }
});
