import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { CEPH, DEVICE, mergeAll, type MergeCase } from "./fakeHost";

// Each property runs over batches: one Python process judges a whole batch.
const BATCH = { minLength: 40, maxLength: 60 };
const RUNS = { numRuns: 4 };

const word = fc.constantFrom(
    "a",
    "volumes",
    "x y",
    "true",
    "1",
    "äö",
    "a=b",
    "[z]",
    "#no",
    "a,b",
    '"q"',
    "$x",
);
const ourKey = fc.constantFrom(
    "rbd_pool",
    "volume_backend_name",
    "volume_driver",
    "enabled_backends",
);
const key = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("k", "max_x", "host") },
    { weight: 2, arbitrary: ourKey },
);
const space = fc.constantFrom("", " ", "\t", "   ");
const assignment = fc
    .tuple(key, space, fc.constantFrom("=", ":"), space, word, fc.array(word, { maxLength: 2 }))
    .map(([name, before, sign, after, value, more]) =>
        [`${name}${before}${sign}${after}${value}`, ...more.map((line) => `  ${line}`)].join("\n"),
    );
const device = fc.constantFrom(
    `replication_device = ${DEVICE}`,
    "replication_device = backend_id:other,\n   conf:/c",
    "replication_device =",
);
const filler = fc.constantFrom("", "", "# comment", "; comment", "   ", "#enabled_backends = x");
const line = fc.oneof(
    { weight: 5, arbitrary: assignment },
    { weight: 3, arbitrary: filler },
    {
        weight: 2,
        arbitrary: fc.constantFrom("[ceph]", "[DEFAULT]", "[z]", "[Ceph]", "[lvm]"),
    },
    { weight: 1, arbitrary: device },
);
const file = fc
    .tuple(
        fc.constantFrom("[DEFAULT]", "[ceph]", "[z]"),
        fc.array(line, { maxLength: 14 }),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
    )
    .map(
        ([head, lines, eol, final]) =>
            [head, ...lines].join("\n").replaceAll("\n", eol) + (final ? eol : ""),
    );
const cases = fc.array(
    file.map((text): MergeCase => ({ text, backends: [CEPH] })),
    BATCH,
);

const OURS = [...Object.keys(CEPH.options), "enabled_backends"];

/** The lines that no merge may touch, in their order: all but our keys' and our comment's. */
function foreign(text: string): string[] {
    let owner = "";
    return text.split(/\r?\n/).filter((row) => {
        if (/^\s+\S/.test(row)) return !OURS.includes(owner);
        owner = /^([^:=#;[]*[^:=#;[\s])\s*[:=]/.exec(row)?.[1] ?? "";
        return (
            !OURS.includes(owner) &&
            !row.startsWith("# cinder-dr: ") &&
            row.trim() !== "" &&
            row !== "[ceph]" &&
            row !== "[DEFAULT]"
        );
    });
}

const valid = (batch: MergeCase[]) =>
    mergeAll(batch)
        .map((merged, index) => ({ merged, text: batch[index]?.text ?? "" }))
        .filter(({ merged }) => merged.error === undefined);

describe("merge of any cinder.conf", () => {
    it("keeps every foreign line, in its order", () => {
        fc.assert(
            fc.property(cases, (batch) => {
                for (const { merged, text } of valid(batch))
                    assert.deepEqual(foreign(merged.after), foreign(text));
            }),
            RUNS,
        );
    });

    it("ends with our values as the ones that count, and a second merge changes nothing", () => {
        fc.assert(
            fc.property(cases, (batch) => {
                for (const { merged } of valid(batch)) {
                    assert.equal(merged.again, merged.after);
                    for (const [name, value] of Object.entries(CEPH.options)) {
                        const said = merged.items.filter(
                            ([section, k]) => section.toLowerCase() === "ceph" && k === name,
                        );
                        assert.equal(said.at(-1)?.[2].replaceAll(/^"|"$/g, ""), value);
                        if (name === "replication_device") assert.equal(said.length, 1);
                    }
                    const lists = merged.items.filter(
                        ([section, k]) => section === "DEFAULT" && k === "enabled_backends",
                    );
                    assert.ok(
                        lists
                            .at(-1)?.[2]
                            .split(",")
                            .some((name) => name.trim() === "ceph"),
                    );
                }
            }),
            RUNS,
        );
    });

    it("comes back byte by byte, key by key", () => {
        fc.assert(
            fc.property(cases, (batch) => {
                for (const { merged, text } of valid(batch)) {
                    assert.deepEqual(merged.kept, []);
                    // Several devices of repeated sections come back as one block, at one of their places.
                    if ((text.match(/replication_device/g) ?? []).length < 2)
                        assert.equal(merged.back, text);
                }
            }),
            RUNS,
        );
    });
});
