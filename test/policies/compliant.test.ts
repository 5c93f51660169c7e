import { strict as assert } from "node:assert";

import { rules } from "../../policies/index";
import { compliantStack, volumeType } from "./fixtures";
import { violations } from "./support";

describe("the whole pack", () => {
    it("has nothing to say about a right stack", async () => {
        assert.deepEqual(await violations(rules, compliantStack()), []);
    });

    it("has nothing to say about resources that are none of its business", async () => {
        const bucket = {
            type: "aws:s3/bucket:Bucket",
            name: "logs",
            props: { acl: "private", tags: { a: "b" } },
        };
        assert.deepEqual(await violations(rules, [bucket]), []);
    });

    it("says one thing about a stack with one fault", async () => {
        const wrong = compliantStack().map((r) =>
            r.name === "replicated" ? volumeType({ replication_enabled: "<is> true" }) : r,
        );
        assert.deepEqual(await violations(rules, wrong), [
            "'replicated' says replication_enabled = '<is> true'; write exactly '<is> True', or '<is> False' for a type that does not replicate",
        ]);
    });
});
