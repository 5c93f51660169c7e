import { strict as assert } from "node:assert";

import type { HostFacts } from "../../core/survey";
import { looks } from "../../operations/looks";
import type { Run } from "../../operations/run";
import { fakeClock } from "../support/fakeClock";
import { backend, names, topology, view } from "../support/survey";

describe("the looks of a move that waits", () => {
    const clock = fakeClock();
    let asked = 0;
    let reach: HostFacts["reach"] = {};

    const run = (): Run => {
        const site = { site: { name: "site" }, pool: () => Promise.resolve(view({})) };
        const none = () => Promise.resolve([]);
        const host = {
            look: (): Promise<HostFacts> => {
                asked++;
                return Promise.resolve({ name: "cinder-a", service: "cinder-a@ceph", reach });
            },
        };
        const cinder = {
            services: none,
            allVolumes: none,
            allSnapshots: none,
            volumeTypes: none,
        };
        const sites = { primary: site, secondary: site };
        const parts = { topology, cinder, sites, names, hostsOf: () => [host] };
        return { backend, parts } as unknown as Run;
    };
    beforeEach(() => {
        asked = 0;
        reach = {};
    });

    it("ask hosts that reach the target again after 15 s only, and say the same of them", async () => {
        const look = looks(run(), "planned");
        const first = await look();
        clock.now = 14_000;
        assert.deepEqual((await look()).hosts, first.hosts);
        assert.deepEqual([first.hosts.length, asked], [1, 1]);
        clock.now = 15_000;
        await look();
        assert.equal(asked, 2);
    });

    it("ask a host that does not reach it each time, for that is what is waited for", async () => {
        reach = { secondary: "no route" };
        const look = looks(run(), "planned");
        await look();
        reach = {};
        clock.now = 1000;
        assert.deepEqual((await look()).hosts[0]?.reach, {});
        clock.now = 2000;
        await look();
        assert.equal(asked, 2);
    });
});
