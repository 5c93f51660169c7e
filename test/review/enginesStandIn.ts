import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ofPulumi = createRequire(require.resolve("@pulumi/pulumi/package.json"));

/** Sends what it is given over the engine's own stream of events, and ends as it is told. */
const PROGRAM = `#!${process.execPath}
const { readFileSync } = require("node:fs");
const args = process.argv.slice(2);
if (args[0] === "version") console.log("v3.259.0");
else if (args[0] === "preview") {
    const { EventsClient } = require(${JSON.stringify(ofPulumi.resolve("./proto/events_grpc_pb"))});
    const { EventRequest } = require(${JSON.stringify(ofPulumi.resolve("./proto/events_pb"))});
    const grpc = require(${JSON.stringify(ofPulumi.resolve("@grpc/grpc-js"))});
    const told = JSON.parse(readFileSync(__dirname + "/told.json", "utf8"));
    const address = args[args.indexOf("--event-log") + 1].replace("tcp://", "");
    const client = new EventsClient(address, grpc.credentials.createInsecure());
    const stream = client.streamEvents(() => {
        process.stderr.write(told.stderr);
        process.exitCode = told.code;
        client.close();
    });
    for (const text of told.events) {
        const request = new EventRequest();
        request.setEvent(text);
        stream.write(request);
    }
    stream.end();
}
`;

/** A folder with a stack's project, whose `pulumi` is a stand-in for failures that no real engine shows on demand. */
export class EnginesStandIn {
    readonly folder = mkdtempSync(join(tmpdir(), "cinder-dr-engine-"));
    readonly binary = join(this.folder, "cache/bin/pulumi");

    constructor() {
        const resolver = join(this.folder, "node_modules/pulumi/lib/resolve.js");
        for (const file of [this.binary, resolver]) mkdirSync(dirname(file), { recursive: true });
        writeFileSync(join(this.folder, "Pulumi.yaml"), "name: p\nruntime: nodejs\n");
        // Where npm's own package of Pulumi says that it keeps the command.
        writeFileSync(
            resolver,
            `exports.resolve = () => Promise.resolve(${JSON.stringify(this.binary)});\n`,
        );
        writeFileSync(this.binary, PROGRAM);
        chmodSync(this.binary, 0o755);
    }

    tells(events: string[], { code = 0, stderr = "" } = {}): void {
        const told = JSON.stringify({ events, code, stderr });
        writeFileSync(join(dirname(this.binary), "told.json"), told);
    }

    close(): void {
        rmSync(this.folder, { recursive: true });
    }
}
