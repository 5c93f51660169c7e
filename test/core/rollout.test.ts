import assert from "node:assert/strict";

import fc from "fast-check";

import { planWaves } from "../../core/rollout";

interface Host {
    name: string;
    cluster?: string;
}

/** One host a letter; a capital letter is a member of the active-active cluster `x`. */
const hosts = (letters: string): Host[] =>
    [...letters].map((name) => (/[A-Z]/.test(name) ? { name, cluster: "x" } : { name }));
const named = (wave: Host[]): string => wave.map(({ name }) => name).join("");

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
            assert.deepEqual(planWaves(hosts("abcde"), canary, batch).map(named), waves);
        });

    const clusters: [letters: string, canary: number, batch: number | "all", waves: string[]][] = [
        ["AB", 0, "all", ["A", "B"]],
        ["ABC", 0, "all", ["AB", "C"]],
        ["aABb", 0, "all", ["aAb", "B"]],
        ["ABcd", 0, 2, ["Ac", "Bd"]],
        ["ABc", 1, "all", ["A", "Bc"]],
        ["A", 0, "all", ["A"]],
    ];
    for (const [letters, canary, batch, waves] of clusters)
        it(`keep a member of the cluster serving: ${waves.join(" ")} for ${letters}`, () => {
            assert.deepEqual(planWaves(hosts(letters), canary, batch).map(named), waves);
        });

    it("hold every host once, in the order typed, none more than a batch, each canary alone", () => {
        fc.assert(
            fc.property(
                fc.array(fc.nat().map((number): Host => ({ name: String(number) }))),
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
