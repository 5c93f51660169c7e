import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { REFERENCE_FILE, referenceText, topologyRows } from "../support/writeTopologyReference";

describe("docs/topology.md", () => {
    it("is committed as it is generated (else: npm run schema)", async () => {
        assert.equal(readFileSync(REFERENCE_FILE, "utf8"), await referenceText());
    });

    it("says what every key means", () => {
        const silent = topologyRows().filter((row) => row.meaning === "");
        assert.deepEqual(
            silent.map((row) => row.path),
            [],
        );
    });
});
