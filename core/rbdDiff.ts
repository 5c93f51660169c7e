/**
 * Ceph's «rbd diff v1» stream (doc/dev/rbd-diff.rst): what `rbd import-diff` writes into an image and
 * `rbd export-diff` reads out of it.
 */
const MAGIC = "rbd diff v1\n";

const tagged = (tag: string, ...numbers: bigint[]): Buffer => {
    const record = Buffer.alloc(1 + 8 * numbers.length);
    record.write(tag, 0, "latin1");
    numbers.forEach((n, i) => record.writeBigUInt64LE(n, 1 + 8 * i));
    return record;
};

/** A diff that writes `data` at `offset` of an image of `imageBytes` bytes and leaves the rest alone. */
export const renderDiff = (imageBytes: number, offset: number, data: Buffer): Buffer =>
    Buffer.concat([
        Buffer.from(MAGIC, "latin1"),
        tagged("s", BigInt(imageBytes)),
        tagged("w", BigInt(offset), BigInt(data.length)),
        data,
        Buffer.from("e", "latin1"),
    ]);

/**
 * The bytes of an image from `offset` on, as far as a diff tells; what the diff leaves out is zero.
 * @throws Error when the stream is no whole diff
 */
export function readDiff(diff: Buffer, offset: number, length: number): Buffer {
    if (diff.subarray(0, MAGIC.length).toString("latin1") !== MAGIC)
        throw new Error("rbd export-diff did not write an 'rbd diff v1' stream");
    const bytes = Buffer.alloc(length);
    for (let at = MAGIC.length; ;) {
        const tag = diff.subarray(at, at + 1).toString("latin1");
        if (tag === "e") return bytes;
        if (tag === "f" || tag === "t") at += 5 + diff.readUInt32LE(at + 1);
        else if (tag === "s") at += 9;
        else if (tag === "w" || tag === "z") {
            const start = Number(diff.readBigUInt64LE(at + 1));
            const size = Number(diff.readBigUInt64LE(at + 9));
            at += 17;
            if (tag === "z") continue;
            const data = diff.subarray(at, at + size);
            if (data.length < size)
                throw new Error("rbd export-diff ended in the middle of a write");
            copyOverlap(data, start, bytes, offset);
            at += size;
        } else throw new Error("rbd export-diff wrote a stream without an end");
    }
}

/** Copies the part of `data`, which stands at `start`, that falls into `bytes`, which stands at `offset`. */
function copyOverlap(data: Buffer, start: number, bytes: Buffer, offset: number): void {
    const from = Math.max(start, offset);
    const to = Math.min(start + data.length, offset + bytes.length);
    if (from < to) data.copy(bytes, from - offset, from - start, to - start);
}
