import { strict as assert } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

const FOLDER = join(__dirname, "../../.github/workflows");

interface Workflow {
    on: Record<string, unknown>;
    permissions: object;
    jobs: Record<
        string,
        { permissions: Record<string, string>; steps: { uses?: string; run?: string }[] }
    >;
}

describe("the workflows", () => {
    for (const file of readdirSync(FOLDER)) {
        const text = readFileSync(join(FOLDER, file), "utf8");
        const workflow = parse(text) as Workflow;
        it(`${file} pins each action by its commit and names the version`, () => {
            for (const [, action = ""] of text.matchAll(/uses: (.*)/g))
                assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
        });
        it(`${file} writes nothing but comments, and gives a fork no secrets`, () => {
            assert.deepEqual(workflow.permissions, {});
            assert.ok(!("pull_request_target" in workflow.on));
            for (const { permissions } of Object.values(workflow.jobs))
                for (const [what, right] of Object.entries(permissions))
                    assert.ok(right === "read" || what === "pull-requests", `${what}: ${right}`);
        });
        it(`${file} puts no expression into a script`, () => {
            for (const { steps } of Object.values(workflow.jobs))
                for (const { run } of steps) assert.doesNotMatch(run ?? "", /\$\{\{/);
        });
    }
});
