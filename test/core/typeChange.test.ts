import { strict as assert } from "node:assert";

import { specsChange, typeRemoval } from "../../core/typeChange";

const WAY =
    "Declare a new type beside it, retype the volumes in waves, then retire this one: docs/volume-types.md";

describe("a changed volume type", () => {
    it("is none with the same specs, in whatever order", () => {
        assert.equal(specsChange("gold", { a: "1", b: "2" }, { b: "2", a: "1" }, []), undefined);
    });

    it("names every spec that changes, and the way round", () => {
        assert.equal(
            specsChange("gold", { a: "1", b: "2" }, { b: "3", c: "4" }, []),
            "volume type 'gold': its extra specs would change (a: '1' to none, b: '2' to '3', c: none to '4'), and they are its identity: " +
                "it would be deleted and made anew. Cinder refuses it (400) while a volume has the type, and nothing has changed then. " +
                WAY,
        );
    });

    it("that projects use loses their access first", () => {
        assert.equal(
            typeRemoval("gold", ["p"]),
            "volume type 'gold': is taken out. A protected one is not deleted. " +
                "Its projects would lose their access before Cinder is asked: first take `projects` out, write `isPublic: false`, and run `pulumi up`. " +
                WAY,
        );
    });
});
