import assert from "node:assert/strict";

import fc from "fast-check";

import { readDiff, renderDiff } from "../../core/rbdDiff";

const bytes = fc.uint8Array({ maxLength: 64 }).map((data) => Buffer.from(data));

describe("an rbd diff", () => {
    it("gives back what it writes, and zeros around it", () => {
        fc.assert(
            fc.property(
                bytes,
                fc.nat(200),
                fc.nat(200),
                fc.nat(200),
                (data, at, offset, length) => {
                    const image = Buffer.alloc(600);
                    data.copy(image, at);
                    assert.deepEqual(
                        readDiff(renderDiff(600, at, data), offset, length),
                        image.subarray(offset, offset + length),
                    );
                },
            ),
        );
    });

    it("is what doc/dev/rbd-diff.rst says, byte by byte", () => {
        const size = "0000100000000000";
        const write = "0010000000000000" + "0200000000000000";
        assert.equal(
            renderDiff(1 << 20, 1 << 12, Buffer.from("ab")).toString("hex"),
            Buffer.from("rbd diff v1\n").toString("hex") +
                "73" +
                size +
                "77" +
                write +
                "6162" +
                "65",
        );
    });

    it("of a snapshot is read too: names are skipped and zeros are zero", () => {
        const record = (tag: string, ...numbers: number[]) => {
            const out = Buffer.alloc(1 + 8 * numbers.length);
            out.write(tag);
            numbers.forEach((n, i) => out.writeBigUInt64LE(BigInt(n), 1 + 8 * i));
            return out;
        };
        const name = (tag: string) => Buffer.from(`${tag}\x04\0\0\0snap`);
        const parts = [
            Buffer.from("rbd diff v1\n"),
            name("f"),
            name("t"),
            record("s", 99),
            record("z", 0, 9),
        ];
        const diff = Buffer.concat([
            ...parts,
            record("w", 2, 2),
            Buffer.from("ab"),
            Buffer.from("e"),
        ]);
        assert.deepEqual(readDiff(diff, 0, 5), Buffer.from("\0\0ab\0"));
    });

    const whole = renderDiff(100, 0, Buffer.from("abcd"));
    const broken: [string, Buffer, RegExp][] = [
        ["another stream", Buffer.from("rbd: error"), /did not write an 'rbd diff v1' stream/],
        ["a write cut off", whole.subarray(0, -3), /ended in the middle of a write/],
        ["no end", whole.subarray(0, -1), /a stream without an end/],
        [
            "an unknown record",
            Buffer.concat([whole.subarray(0, -1), Buffer.from("?")]),
            /a stream without an end/,
        ],
        ["a record cut off", whole.subarray(0, 16), /a stream without an end/],
    ];
    for (const [what, diff, reason] of broken)
        it(`fails for ${what}`, () => {
            assert.throws(() => readDiff(diff, 0, 4), reason);
        });
});
