import { strict as assert } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { askPool, fakeCeph } from "./askPool";

const FAKE_RADOS = `
class Rados:
    def __init__(self, **_): pass
    def connect(self): pass
    def open_ioctx(self, name): return name
`;
/** Images of blocks of 4 MiB: what each stores, by block; 0 is a block of zeros that was written. */
const FAKE_RBD = `import json, os
state = json.load(open(os.path.join(os.path.dirname(__file__), "state.json")))
BLOCK = 4 << 20
def __getattr__(name): return name
class Image:
    def __init__(self, pool, name, read_only): self.blocks, self.count = state[name]["blocks"], state[name]["count"]
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def size(self): return self.count * BLOCK
    def diff_iterate(self, offset, length, snapshot, found):
        for block in self.blocks: found(int(block) * BLOCK, BLOCK, True)
    def read(self, offset, length):
        return bytes([self.blocks.get(str(offset // BLOCK), 0)]) + bytes(length - 1)
`;

type Blocks = Record<number, number>;
interface Sum {
    sum: string;
    read: number;
    whole: boolean;
}

const BLOCK = 4 << 20;
const SEED = "20261122T201503-failback-ceph-7f2a";

describe("the sums of host/pool.py", () => {
    const folder = fakeCeph(FAKE_RADOS, FAKE_RBD);

    function sumOf(blocks: Blocks, budget: number, part: string[] = []): Sum {
        const state = JSON.stringify({ "volume-v1": { blocks, count: 100 } });
        writeFileSync(join(folder(), "state.json"), state);
        const question = { do: "checksum", images: ["volume-v1"], part, seed: SEED };
        const answer = askPool(folder(), { ...question, budget: budget * BLOCK });
        const sum = (answer as { images: Record<string, Sum> }).images["volume-v1"];
        assert.ok(sum, JSON.stringify(answer));
        return sum;
    }

    const data: Blocks = { 3: 7, 4: 8, 90: 9 };
    const withZeros: Blocks = { ...data, 5: 0, 6: 0 };

    it("are the same whichever side stores zeros, and others where a byte is", () => {
        const { sum, read, whole } = sumOf(data, 8);
        assert.deepEqual([read, whole], [3 * BLOCK, true]);
        assert.equal(sumOf(withZeros, 8).sum, sum);
        assert.notEqual(sumOf({ ...data, 90: 1 }, 8).sum, sum);
        assert.notEqual(sumOf({ ...data, 5: 1 }, 8).sum, sum);
    });

    it("are of the same part on both sides once that is asked for, where one alone stores no more than the budget", () => {
        assert.deepEqual([sumOf(data, 4).whole, sumOf(withZeros, 4).whole], [true, false]);
        const [here, there] = [data, withZeros].map((one) => sumOf(one, 4, ["volume-v1"]));
        assert.deepEqual(here, there);
        assert.deepEqual([here?.whole, here?.read], [false, 4 * BLOCK]);
    });
});
