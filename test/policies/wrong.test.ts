import { strict as assert } from "node:assert";
import { join } from "node:path";

import { runtime } from "@pulumi/pulumi";

import { rules } from "../../policies/index";
import { declaredBy } from "../support/mocks";
import type { Resource } from "./fixtures";
import { refusals } from "./support";
import { WRONG, wrongStacks } from "./wrongStacks";

/** What the program of one of the stacks declares, without an engine. */
async function stackOf(name: string): Promise<Resource[]> {
    const program = join(WRONG, name, "index.ts");
    const declared = await declaredBy(() => {
        runtime.setAllConfig({ "cinder-dr:keyring": "of nobody" });
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- a program runs when it is loaded
        require(program);
    });
    return declared.map(
        ({ type, name: resource, parent, inputs, protect, additionalSecretOutputs }) => ({
            type,
            name: resource,
            props: inputs,
            opts: { protect, additionalSecretOutputs },
            parentType: parent.split(" ")[0] ?? "",
        }),
    );
}

describe("examples/wrong", () => {
    for (const { name, refusals: expected } of wrongStacks())
        it(`${name} is refused for the right reason`, async () => {
            const said = await refusals(rules, await stackOf(name));
            assert.deepEqual(
                said.map(({ rule, message }) => `${rule}: ${message}`).sort(),
                expected,
            );
            const levels = said.map(({ rule }) => rules.find((r) => r.name === rule)?.level);
            assert.ok(levels.includes("mandatory"));
        });
});
