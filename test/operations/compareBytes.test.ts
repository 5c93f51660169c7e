import { strict as assert } from "node:assert";

import type { Role } from "../../core/topology/site";
import { compareBytes } from "../../operations/compareBytes";
import type { Run } from "../../operations/run";
import { backend, names, survey } from "../support/survey";

const GIB = 1 << 30;

interface Asked {
    images: string[];
    part: string[];
    seed: string;
}
type Sum = { sum: string; read: number; whole: boolean } | { error: string };

describe("the comparison of bytes after a failback", () => {
    /** What the primary was asked. */
    let asked: Asked[] = [];
    /** Answers that differ from those of equal images. */
    let odd: (role: Role, image: string, isPart: boolean) => Partial<Sum> | undefined;
    beforeEach(() => {
        asked = [];
        odd = () => undefined;
    });

    function run(): Run {
        const site = (role: Role) => ({
            pool: (_: string, request: Asked) => {
                if (role === "primary") asked.push(request);
                const sums = request.images.map((image) => {
                    const isPart = request.part.includes(image);
                    const equal = { sum: "same", read: 10, whole: !isPart };
                    return [image, { ...equal, ...odd(role, image, isPart) }];
                });
                return Promise.resolve({ images: Object.fromEntries(sums) as Record<string, Sum> });
            },
        });
        return {
            backend,
            parts: { names, sites: { primary: site("primary"), secondary: site("secondary") } },
            journal: { id: "20261122T201503-failback-ceph-7f2a" },
        } as unknown as Run;
    }

    it("asks for a part of what is within the budget on one side alone, and calls it equal", async () => {
        odd = (role, _, isPart) =>
            role === "primary" && !isPart ? { sum: "of a part", whole: false } : undefined;
        const result = await compareBytes(run(), survey(), ["v1"], GIB);
        assert.deepEqual(
            asked.map(({ images, part }) => [images, part]),
            [
                [["volume-v1"], []],
                [["volume-v1"], ["volume-v1"]],
            ],
        );
        assert.deepEqual(result, { images: 1, whole: 0, bytes: 10 });
    });

    it("names an image with other bytes on each site, and one that cannot be read", async () => {
        const said = (): Promise<string> =>
            compareBytes(run(), survey(), ["v1"], GIB).then(
                () => "",
                (error: unknown) => (error as Error).message,
            );
        odd = (role) => (role === "secondary" ? { sum: "other" } : undefined);
        assert.match(await said(), /v1 \(db\): other bytes on each site$/);
        assert.equal(asked.length, 1);
        odd = (role) => (role === "secondary" ? { error: "TimedOut: read" } : undefined);
        assert.match(await said(), /v1 \(db\): TimedOut: read$/);
    });
});
