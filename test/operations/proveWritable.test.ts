import { strict as assert } from "node:assert";

import { PartialError } from "../../operations/operationEnd";
import { proveWritable } from "../../operations/proveWritable";
import type { Run } from "../../operations/run";
import { backend, names } from "../support/survey";

describe("the proof that images are writable", () => {
    /** What is left when an image gives this error. */
    async function left(error: string): Promise<readonly string[]> {
        const refusedImages = () => Promise.resolve([{ image: "volume-v1", error }]);
        const sites = { secondary: { refusedImages, site: { name: "lyon" } } };
        const run = { backend, parts: { names, sites }, journal: { id: "1-failover-ceph" } };
        try {
            await proveWritable(run as unknown as Run, ["volume-v1"]);
        } catch (thrown) {
            assert.ok(thrown instanceof PartialError, String(thrown));
            assert.equal(
                thrown.message,
                `1 image(s) cannot be written on lyon: volume-v1: ${error}`,
            );
            return thrown.left;
        }
        return [];
    }

    it("names the way to go on where an rbd-mirror keeps them read-only", async () => {
        assert.deepEqual(await left("ReadOnlyImage: [errno 30] RBD read-only image"), [
            "a read-only image is held by an rbd-mirror that runs: stop each on lyon by hand, then `cinder-dr resume 1-failover-ceph --rbd-mirror-stopped`",
        ]);
    });

    it("names it for nothing else", async () => {
        assert.deepEqual(await left("TimedOut: [errno 110] RBD connection timed out"), [
            "rbd-mirror must be stopped there (it holds the images' locks); then `cinder-dr resume`",
        ]);
    });

    it("has a probe in each pool that holds the images' data, and names them", async () => {
        const asked: unknown[] = [];
        const proven = (...pools: (string | null)[]) => {
            const pool = (_: string, question: unknown) => {
                asked.push(question);
                return Promise.resolve({ same: true, pools });
            };
            const refusedImages = () => Promise.resolve([]);
            const sites = { secondary: { refusedImages, pool, site: { name: "lyon" } } };
            const run = { backend, parts: { names, sites }, journal: { id: "1-failover-ceph" } };
            return proveWritable(run as unknown as Run, ["volume-v1"]);
        };
        const fact = "1 images give their write lock; a probe image was written and read back";
        assert.equal(await proven(null), fact);
        assert.equal(await proven(null, "ec", "ssd"), `${fact} (data in ec, ssd)`);
        assert.deepEqual(asked[0], {
            do: "probe",
            name: "cinder-dr-probe-1-failover-ceph",
            images: ["volume-v1"],
        });
    });
});
