import { strict as assert } from "node:assert";

import { base64In, jsonIn, withoutBase64 } from "../../../policies/facts/encoded";

const TEXT = "[ceph]\nvolume_driver = x\n\trbd_pool = volumes\r\n";
const base64 = (text: string | Uint8Array) => Buffer.from(text as string).toString("base64");

describe("base64In", () => {
    it("finds each text, in the middle of others", () => {
        const other = "another text, longer";
        assert.deepEqual(base64In(`echo ${base64(TEXT)} | x ${base64(other)};`), [TEXT, other]);
    });

    it("finds one that is broken into lines", () => {
        const long = TEXT.repeat(4);
        for (const width of [64, 76]) {
            const lines = base64(long).replace(new RegExp(`(.{${String(width)}})`, "g"), "$1\n  ");
            assert.deepEqual(base64In(`data: ${lines}`), [long]);
        }
    });

    it("finds nothing in paths, digests, keys and short words", () => {
        for (const text of [
            "",
            "/etc/ceph/secondary/client/cinder/keyring",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
            base64("too short"),
            base64(new Uint8Array([...Buffer.from(TEXT), 0])),
        ])
            assert.deepEqual(base64In(text), [], text);
    });
});

describe("withoutBase64", () => {
    it("takes texts out and leaves bytes", () => {
        const bytes = base64(new Uint8Array(24));
        assert.equal(withoutBase64(`a ${base64(TEXT)} b ${bytes}`), `a   b ${bytes}`);
    });
});

describe("jsonIn", () => {
    it("reads maps and lists, and nothing else", () => {
        assert.deepEqual(jsonIn(' {"a": [1]}'), { a: [1] });
        assert.deepEqual(jsonIn("[1, 2]\n"), [1, 2]);
        for (const text of ["", "5", '"x"', "[ceph]\na = b", "{a: b}", "x {}"])
            assert.equal(jsonIn(text), undefined, text);
    });
});
