import assert from "node:assert/strict";

import type { HostFacts } from "../../core/survey";
import type { Role } from "../../core/topology/site";
import type { Parts } from "../../operations/parts";
import { preflight } from "../../operations/preflight";
import { RemoteError } from "../../operations/ssh";
import { backend, names, reader, row, view } from "../support/survey";

/** A cloud without volumes whose primary's admin host is silent, while a Cinder host still reaches that site. */
function cloud(): { parts: Parts; asked: Role[] } {
    const asked: Role[] = [];
    const look = (_: unknown, sides: readonly Role[]): Promise<HostFacts> => {
        asked.push(...sides);
        return Promise.resolve({ name: "cinder-a", service: "cinder-a@ceph", reach: {} });
    };
    const none = () => Promise.resolve([]);
    const secondary = () => Promise.resolve(view({ "volume-v1": reader() }));
    const silent = () => Promise.reject(new RemoteError("paris", "no answer"));
    const parts = {
        names,
        cinder: {
            services: () => Promise.resolve([row()]),
            allVolumes: none,
            allSnapshots: none,
            volumeTypes: none,
        },
        hostsOf: () => [{ look }],
        sites: {
            primary: { pool: silent, site: { name: "paris" } },
            secondary: { pool: secondary, site: { name: "lyon" } },
        },
    };
    return { parts: parts as unknown as Parts, asked };
}

describe("a preflight", () => {
    for (const move of ["planned", "forced", "failback"] as const)
        it(`of a ${move} move asks each host for its way to both sites`, async () => {
            const { parts, asked } = cloud();
            const { blockers } = await preflight(
                parts,
                backend,
                move,
                new AbortController().signal,
            );
            assert.deepEqual(asked, ["primary", "secondary"]);
            const lives = blockers.some(({ fact }) =>
                fact.includes("the primary lives: cinder-a reaches paris"),
            );
            assert.equal(lives, move === "forced");
        });
});
