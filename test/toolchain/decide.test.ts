import assert from "node:assert/strict";
import { decide, once } from "../../toolchain/decide.mjs";

const official = { present: true, origin: "official" };
const found = { present: true, origin: "found" };
const built = { present: true, origin: "built", sources: "now" };
const older = { present: true, origin: "built", sources: "before" };
const missing = { present: false };
const nothing = { official: false, build: false };

describe("what to do about a part of the toolchain", () => {
    const table: [string, object, object, boolean, string][] = [
        ["missing, the download answers", missing, nothing, true, "official"],
        ["missing, the download is silent", missing, nothing, false, "build"],
        ["missing, --build", missing, { build: true }, true, "build"],
        ["official", official, nothing, false, "use"],
        ["official, --build", official, { build: true }, false, "use"],
        ["somebody's own, --build", found, { build: true }, true, "use"],
        ["somebody's own, --official", found, { official: true }, true, "use"],
        ["built", built, nothing, true, "use"],
        ["built, --official, the download answers", built, { official: true }, true, "official"],
        ["built, --official, the download is silent", built, { official: true }, false, "use"],
        ["built from older sources, the download answers", older, nothing, true, "official"],
        ["built from older sources, the download is silent", older, nothing, false, "build"],
    ];
    for (const [name, there, wants, answers, expected] of table) {
        it(`${name}: ${expected}`, async () => {
            assert.equal(
                await decide(there, "now", wants, () => Promise.resolve(answers)),
                expected,
            );
        });
    }

    it("asks for the download only when the answer matters", async () => {
        const refuse = (): never => assert.fail("must not ask");
        await decide(built, "now", nothing, refuse);
        await decide(official, "now", { official: true }, refuse);
        await decide(missing, "now", { build: true }, refuse);
    });

    it("asks once for all parts", async () => {
        let asked = 0;
        const ask = once(() => Promise.resolve(++asked));
        await ask();
        await ask();
        assert.equal(asked, 1);
    });
});
