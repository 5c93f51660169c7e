import { strict as assert } from "node:assert";

import { volumeTypeSaysWhetherItIsPublic } from "../../../policies/rules/volumeTypeSaysWhetherItIsPublic";
import { plainType, volumeType } from "../fixtures";
import { repaired, testRule } from "../support";

const said =
    "'replicated' does not say isPublic and becomes private; write isPublic: true or false";
const plainNull = volumeType({}, { props: { isPublic: null } });

describe("the repair of volume-type-says-whether-it-is-public", () => {
    it("writes Cinder's own default", async () => {
        const props = await repaired(volumeTypeSaysWhetherItIsPublic, {
            ...volumeType(),
            props: { name: "gold" },
        });
        assert.deepEqual(props, { name: "gold", isPublic: true });
    });

    it("leaves alone what is said, and other resources", async () => {
        assert.equal(
            await repaired(volumeTypeSaysWhetherItIsPublic, plainType("x", {})),
            undefined,
        );
        assert.equal(
            await repaired(volumeTypeSaysWhetherItIsPublic, {
                type: "x:y:Z",
                name: "z",
                props: {},
            }),
            undefined,
        );
    });
});

testRule(volumeTypeSaysWhetherItIsPublic, {
    passes: {
        "a public type": volumeType(),
        "a private type": volumeType({}, { props: { isPublic: false } }),
        "another resource": { type: "x:y:Z", name: "z", props: {} },
        "a type that does not know yet": volumeType(
            {},
            { props: { isPublic: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } },
        ),
    },
    fails: {
        absence: [{ ...volumeType(), props: { name: "gold", extraSpecs: {} } }, said],
        null: [plainNull, said],
    },
});
