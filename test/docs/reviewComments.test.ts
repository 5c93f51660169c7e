import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PROJECT = join(__dirname, "../..");
const PAGE = join(PROJECT, "docs/review.md");
const GOLDEN = join(PROJECT, "test/lab/review/golden");

/** `<!-- comment NAME -->` or `<!-- summary NAME -->`, and all up to `<!-- end -->`. */
const PLACE = /<!-- (comment|summary) ([\w-]+) -->\n[^]*?<!-- end -->/g;

/** A comment as the page shows it: without the hidden line, two levels of title lower; of a summary only its part. */
function shown(how: string, name: string): string {
    const [, ...lines] = readFileSync(join(GOLDEN, `${name}.md`), "utf8").split("\n");
    const text = lines.join("\n").replace(/^#(?=#)/gm, "###");
    const summary = text.split("\n##### Before and after")[0] ?? "";
    const part = how === "summary" ? summary : text;
    return `<!-- ${how} ${name} -->\n${part.trim()}\n\n<!-- end -->`;
}

describe("the comments in docs/review.md", () => {
    it("are those that the review made", () => {
        const page = readFileSync(PAGE, "utf8");
        const places = [...page.matchAll(PLACE)].map(
            ([, how, name]) => `${how ?? ""} ${name ?? ""}`,
        );
        for (const expected of ["comment change-timeout", "summary live", "summary remove-device"])
            assert.ok(places.includes(expected), expected);
        const expected = page.replace(PLACE, (_, how: string, name: string) => shown(how, name));
        if (process.env.UPDATE_GOLDEN === "1") writeFileSync(PAGE, expected);
        assert.equal(readFileSync(PAGE, "utf8"), expected, "set UPDATE_GOLDEN=1 to accept");
    });
});
