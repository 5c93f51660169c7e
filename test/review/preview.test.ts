import { strict as assert } from "node:assert";
import { createRequire } from "node:module";

import { hearingWarnings, loadAutomation } from "../../review/automation";
import { judge } from "../../review/judge";
import { renderComment } from "../../review/markdown/comment";
import { runPreview } from "../../review/preview";
import type { Preview } from "../../review/steps";
import { EnginesStandIn } from "./enginesStandIn";

const MISSED = "the engine told something that this version cannot read";
const SUMMARY = JSON.stringify({
    summaryEvent: { maybeCorrupt: false, PolicyPacks: { "cinder-dr": "0.1.0" } },
});

describe("a preview by the Automation API", () => {
    let engine: EnginesStandIn;
    const { PATH } = process.env;
    const { warn } = console;
    const written: string[] = [];

    before(() => {
        engine = new EnginesStandIn();
        console.warn = (...words: unknown[]) => void written.push(words.join(" "));
    });
    after(() => {
        console.warn = warn;
        process.env.PATH = PATH;
        engine.close();
    });

    const run = (): Promise<Preview> =>
        runPreview({
            folder: engine.folder,
            stack: "s",
            policyPacks: [],
            policyPackConfigs: [],
            secrets: ["planted"],
            seconds: 60,
        });
    const judged = (preview: Preview) => judge({ stack: "p/s", preview, packs: 0, accept: [] });

    it("runs the command that the project's own package names, before any other", async () => {
        engine.tells([SUMMARY]);
        const preview = await run();
        assert.deepEqual(preview.errors, []);
        assert.equal(preview.project, "p");
        assert.equal(judged(preview).verdict, "unchanged");
        assert.ok(process.env.PATH?.startsWith(`${engine.folder}/cache/bin:`));
    });

    it("fails for an event that is no JSON or that it cannot read, and prints neither", async () => {
        for (const broken of [
            '{"policyEvent": {"message": "planted',
            JSON.stringify({ resourcePreEvent: { metadata: { inputs: "planted" } } }),
        ]) {
            engine.tells([broken, broken, SUMMARY]);
            const preview = await run();
            assert.deepEqual(preview.errors, [MISSED]);
            const review = judged(preview);
            assert.equal(review.verdict, "failed");
            assert.match(renderComment(review), new RegExp(MISSED));
        }
        assert.deepEqual(written, []);
    });

    it("fails when the engine ends before its summary, or is gone", async () => {
        engine.tells([], { code: 255, stderr: "error: password=planted is wrong\n" });
        const gone = await run();
        assert.deepEqual(gone.errors, ["password=[secret] is wrong"]);
        assert.equal(judged(gone).verdict, "failed");
        engine.tells([]);
        const silent = await run();
        assert.equal(silent.complete, false);
        assert.equal(judged(silent).verdict, "failed");
    });
});

describe("the Automation API", () => {
    const ofPulumi = createRequire(require.resolve("@pulumi/pulumi/package.json"));

    it("is loaded without a compiler and a dependency tree, which come when they are used", () => {
        const { LocalWorkspace } = loadAutomation();
        assert.equal(typeof LocalWorkspace.create, "function");
        const tree = ofPulumi("@npmcli/arborist") as { Node?: unknown };
        assert.equal(typeof tree.Node, "function");
    });

    it("warns again as before after a work that failed", async () => {
        const log = ofPulumi("./log") as { warn: unknown };
        const { warn } = log;
        let heard = 0;
        const work = hearingWarnings(
            () => heard++,
            () => {
                void (log.warn as (text: string) => Promise<void>)("x");
                return Promise.reject(new Error("it failed"));
            },
        );
        await assert.rejects(work, { message: "it failed" });
        assert.equal(heard, 1);
        assert.equal(log.warn, warn);
    });
});
