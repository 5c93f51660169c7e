import { strict as assert } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { renderPage } from "../../policies/docs";
import { rules } from "../../policies/index";
import { CHECKS, TRAPS } from "../../policies/traps";
import { wrongStacks } from "./wrongStacks";

const ROOT = join(__dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const names = (folder: string, end: string) =>
    readdirSync(join(ROOT, folder))
        .filter((f) => f.endsWith(end))
        .map((f) => f.slice(0, -end.length))
        .sort();
const fileOf = (rule: string) => rule.replace(/-(\w)/g, (_, c: string) => c.toUpperCase());
/** Rules that are tested with what they are about. */
const TOGETHER = ["exemptionIsInForce", "exemptionIsListed", "exemptionNamesAResource"];

describe("the policy pack", () => {
    it("lists every rule's file, named for its demand, once", () => {
        assert.deepEqual(
            rules.map(({ name }) => fileOf(name)).sort(),
            names("policies/rules", ".ts"),
        );
    });

    it("has a test for every rule", () => {
        const tested = names("test/policies/rules", ".test.ts").concat(TOGETHER).sort();
        assert.deepEqual(tested, names("policies/rules", ".ts"));
    });

    it("says of every rule what its page needs", () => {
        for (const { name, demand, why, source } of rules) {
            assert.match(name, /^[a-z]+(?:-[a-z]+)+$/);
            for (const text of [demand, why, source]) assert.match(text, /^\S.{6,}[^.\s]$/, name);
        }
    });

    it("has a schema for every setting that its default fits", () => {
        const typeOf = (value: unknown) =>
            Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
        for (const { name, settings = {} } of rules)
            for (const [key, { type, default: given, items, description }] of Object.entries(
                settings,
            )) {
                assert.equal(type, typeOf(given), `${name} ${key}`);
                if (type === "array") assert.deepEqual(items, { type: "string" }, name);
                assert.match(description ?? "", /^\S.{10,}\.$/, name);
            }
    });

    it("makes mandatory what loses data", () => {
        const lax = rules.filter(
            ({ severity, level }) => /critical|high/.test(severity) && level !== "mandatory",
        );
        assert.deepEqual(
            lax.map(({ name }) => name),
            [],
        );
    });

    for (const [field, known] of [
        ["traps", TRAPS],
        ["checks", CHECKS],
    ] as const) {
        it(`has a rule or another place for each of the ${field}`, () => {
            for (const { number, title, elsewhere } of known)
                assert.ok(
                    elsewhere !== undefined || rules.some((r) => r[field].includes(number)),
                    title,
                );
        });

        it(`knows the ${field} of every rule`, () => {
            for (const rule of rules)
                for (const number of rule[field])
                    assert.ok(
                        known.some((k) => k.number === number),
                        rule.name,
                    );
        });
    }

    it("is documented as it is: run `node test/policies/writeDocs.mjs`", () => {
        const page = read("docs/policies.md");
        assert.equal(page, renderPage(page, wrongStacks()));
    });

    it("fails to document itself on a page without its marks", () => {
        assert.throws(() => renderPage("", []), /has no part between '<!-- wrong: generated -->'/);
    });

    it("depends on the versions that the project pins", () => {
        const pins = JSON.parse(read("package.json")) as {
            devDependencies: Record<string, string>;
            dependencies: Record<string, string>;
        };
        const own = JSON.parse(read("policies/package.json")) as {
            dependencies: Record<string, string>;
            version: string;
        };
        assert.match(own.version, /^\d+\.\d+\.\d+$/);
        for (const [name, version] of Object.entries(own.dependencies))
            assert.equal(version, pins.devDependencies[name] ?? pins.dependencies[name]);
    });
});
