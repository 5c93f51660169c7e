import { strict as assert } from "node:assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { assertValid } from "../../review/markdown/markdown";

export const GOLDEN = join(__dirname, "golden");

/** Compares a comment with the one that was accepted; UPDATE_GOLDEN=1 accepts it. */
export function assertGolden(name: string, text: string): void {
    assertValid(text);
    const file = join(GOLDEN, `${name}.md`);
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, text);
    assert.ok(existsSync(file), `${file} is missing: set UPDATE_GOLDEN=1`);
    assert.equal(text, readFileSync(file, "utf8"), `${file}: set UPDATE_GOLDEN=1 to accept`);
}
