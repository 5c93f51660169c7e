import { parseArgs } from "node:util";
import { cacheFolder, ensure, project, report } from "./ensure.mjs";
import { installPackages } from "./install.mjs";
import { installNode } from "./node.mjs";
import { createProgress } from "./progress.mjs";

const HELP = `Usage: node toolchain/toolchain.mjs ensure|status [options]

Gets the Pulumi CLI and the plugins of the versions in toolchain/versions.json.

  ensure      make every part present: what is installed already, else the official download,
              else built from published Go modules
  status      say what is there and where each part came from; exits with 1 if one is missing

Options
  --official  replace parts that were built here by official ones, if the download answers
  --build     do not ask for the official download
  --node      ensure: also get a newer Node.js from npm, into .toolchain/node
  --json      print the result as JSON
  --help      show this

A build needs about 5 GB of disk at its peak (Go's module and build caches) and 190 MB to stay.
`;

const options = Object.fromEntries(
    ["official", "build", "node", "json", "help"].map((name) => [
        name,
        { type: "boolean", default: false },
    ]),
);

function printStatus(status) {
    for (const part of status.parts) {
        const since = part.since ? `, ${part.since}` : "";
        const outdated = part.outdated ? ", from other sources: run ensure" : "";
        console.log(
            `${part.name.padEnd(9)} ${part.version.padEnd(8)} ${part.origin}${since}${outdated}  ${part.folder}`,
        );
    }
}

async function main() {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [verb, ...rest] = positionals;
    if (values.help) return console.log(HELP.trimEnd());
    if (!["ensure", "status"].includes(verb) || rest.length > 0) {
        throw Object.assign(
            new Error(`verb must be ensure or status, got '${positionals.join(" ")}'`),
            { usage: true },
        );
    }
    if (values.official && values.build) {
        throw Object.assign(new Error("options must not be --official and --build at once"), {
            usage: true,
        });
    }
    const write = (text) => process[values.json ? "stderr" : "stdout"].write(text);
    const progress = createProgress("toolchain", { write });
    if (verb === "ensure") {
        await installPackages(project, progress);
        await ensure(values, progress);
        if (values.node) await installNode(cacheFolder, progress);
    }
    const status = report();
    if (values.json) console.log(JSON.stringify(status, null, 4));
    else if (verb === "status") printStatus(status);
    if (status.parts.some((part) => part.origin === "missing")) process.exitCode = 1;
}

main().catch((error) => {
    const usage = error.usage || error.code?.startsWith?.("ERR_PARSE_ARGS");
    console.error(`toolchain: ${error.message}`);
    process.exit(usage ? 2 : 1);
});
