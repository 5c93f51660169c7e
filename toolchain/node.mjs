import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./progress.mjs";
import { compareVersions, versions } from "./versions.mjs";

/** One line for a Node.js below the floor that the Pulumi SDK states, or undefined. */
export function nodeWarning(version = process.versions.node) {
    if (compareVersions(version, versions.node.sdkFloor) >= 0) return undefined;
    const wanted = versions.node.sdkFloor.split(".")[0];
    return (
        `Node ${version} runs this project, which is tested with it, but Pulumi's SDK asks for ${wanted} or newer. ` +
        `'npm run toolchain -- ensure --node' gets Node ${versions.node.packageVersion} from npm.`
    );
}

/** Gets the Node.js that npm carries, for machines whose own is older than the Pulumi SDK's floor. */
export async function installNode(cache, progress) {
    if (process.platform !== "linux" || process.arch !== "x64") {
        throw new Error(
            `machine must be linux x64 for --node, got '${process.platform} ${process.arch}'`,
        );
    }
    const { package: name, packageVersion } = versions.node;
    const root = join(cache, "node", packageVersion);
    const bin = join(root, "node_modules", name, "bin");
    if (!existsSync(join(bin, "node"))) {
        mkdirSync(root, { recursive: true });
        const args = [
            "install",
            "--prefix",
            root,
            "--ignore-scripts",
            "--no-save",
            "--no-audit",
            "--no-fund",
        ];
        await run("npm", [...args, `${name}@${packageVersion}`], {
            progress,
            status: () => "still getting Node.js",
        });
    }
    progress.line(`Node ${packageVersion} is there; use it with: export PATH="${bin}:$PATH"`);
}
