import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { WrongStack } from "../../policies/docs";

export const WRONG = join(__dirname, "../../examples/wrong");

/** The stacks of examples/wrong/, from their files. */
export const wrongStacks = (): WrongStack[] =>
    readdirSync(WRONG, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => {
            const project = readFileSync(join(WRONG, name, "Pulumi.yaml"), "utf8");
            const expected = readFileSync(join(WRONG, name, "expected.txt"), "utf8");
            return {
                name,
                mistake: /^description: "(.*)"$/m.exec(project)?.[1] ?? "",
                refusals: expected.split("\n").filter((line) => line !== ""),
            };
        })
        .sort((a, b) => a.name.localeCompare(b.name));
