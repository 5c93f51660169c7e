import assert from "node:assert/strict";

import fc from "fast-check";

import { planWaves } from "../../core/rollout";

describe("the waves of a rollout", () => {
    const plans: [canary: number, batch: number | "all", waves: string[]][] = [
        [1, 1, ["a", "b", "c", "d", "e"]],
        [1, 2, ["a", "bc", "de"]],
        [2, "all", ["a", "b", "cde"]],
        [0, 3, ["abc", "de"]],
        [0, "all", ["abcde"]],
        [9, "all", ["a", "b", "c", "d", "e"]],
    ];
    for (const [canary, batch, waves] of plans)
        it(`are ${waves.join(" ")} for canary ${canary}, batch ${batch}`, () => {
            assert.deepEqual(
                planWaves([..."abcde"], canary, batch).map((wave) => wave.join("")),
                waves,
            );
        });

    it("hold every host once, in the order typed, none more than a batch, each canary alone", () => {
        fc.assert(
            fc.property(
                fc.array(fc.nat()),
                fc.nat(9),
                fc.integer({ min: 1, max: 9 }),
                (hosts, canary, batch) => {
                    const waves = planWaves(hosts, canary, batch);
                    assert.deepEqual(waves.flat(), hosts);
                    assert.ok(
                        waves.every(
                            (wave, i) => wave.length > 0 && wave.length <= (i < canary ? 1 : batch),
                        ),
                    );
                },
            ),
        );
    });
});
