import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";

import { Command } from "commander";
import { stringify } from "yaml";

import { ExitCode } from "../../cli/exitCode";
import { serversCommand } from "../../cli/serversCommand";
import type { PowerOptions } from "../../operations/serversPower";
import * as serversStart from "../../operations/serversStart";
import { ownJournals } from "../support/ownJournals";
import { goodTopology } from "../support/topology";

describe("servers --evacuate", () => {
    const journals = ownJournals();
    it("goes with --reattach", async () => {
        const file = join(journals.folder, "topology.yaml");
        writeFileSync(file, stringify(goodTopology()));
        const root = new Command().exitOverride();
        serversCommand(root, () => undefined);
        const words = ["--stop", "--evacuate", "compute-b", "--topology", file];
        await assert.rejects(root.parseAsync(["node", "x", "servers", ...words]), {
            message: "--evacuate goes with --reattach",
        });
    });
});

describe("servers --start", () => {
    const journals = ownJournals();
    const env = { ...process.env };
    beforeEach(() => {
        Object.assign(process.env, {
            OS_AUTH_URL: "http://127.0.0.1:9",
            OS_USERNAME: "u",
            OS_PASSWORD: "p",
            OS_PROJECT_NAME: "p",
        });
        mock.method(console, "log", () => undefined);
    });
    afterEach(() => {
        mock.restoreAll();
        process.removeAllListeners("SIGINT");
        process.removeAllListeners("SIGTERM");
        process.env = { ...env };
    });

    for (const [what, started, code] of [
        ["all were started", { done: 2, failed: 0, held: 0 }, ExitCode.Ok],
        ["some were left", { done: 1, failed: 0, held: 1 }, ExitCode.Partial],
        ["some failed and the others were left", { done: 0, failed: 1, held: 1 }, ExitCode.Partial],
        ["all were left: nothing was changed", { done: 0, failed: 0, held: 2 }, ExitCode.Problem],
    ] as const)
        it(`ends with ${String(code)} when ${what}`, async () => {
            const file = join(journals.folder, "topology.yaml");
            writeFileSync(file, stringify(goodTopology()));
            mock.method(
                serversStart,
                "startServers",
                ({ found }: PowerOptions): Promise<serversStart.Started> => {
                    if (started.held > 0) found({ state: "problem", subject: "web", fact: "left" });
                    return Promise.resolve(started);
                },
            );
            const root = new Command().exitOverride();
            let ended: ExitCode | undefined;
            serversCommand(root, (result) => (ended = result));
            await root.parseAsync(["node", "x", "servers", "--start", "--topology", file]);
            assert.equal(ended, code);
        });
});
