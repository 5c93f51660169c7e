import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { REFUSALS } from "../../../core/topology/refusal";

describe("the refusals that a topology can consent to", () => {
    it("are those of the host file", () => {
        const script = readFileSync(join(__dirname, "../../../host/apply.py"), "utf8");
        const list = /^REFUSALS = \(([^)]*)\)/m.exec(script)?.[1] ?? "";
        assert.deepEqual(list.match(/\w+/g), [...REFUSALS]);
    });
});
