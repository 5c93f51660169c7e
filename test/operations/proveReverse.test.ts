import { strict as assert } from "node:assert";
import { mock } from "node:test";

import type { ImageView } from "../../core/replica";
import * as moveBackend from "../../operations/moveBackend";
import { proveReverse } from "../../operations/proveReverse";
import type { Run } from "../../operations/run";
import { fakeClock } from "../support/fakeClock";
import { backend, names, reader, row, survey, topology, view, writer } from "../support/survey";

const volumeOf = (id: string) => ({
    id,
    name: id,
    status: "available",
    replication_status: "failed-over",
    "os-vol-host-attr:host": "cinder-a@ceph#ceph",
    volume_type: "replicated",
});

describe("the replication back after a move", () => {
    const clock = fakeClock();
    /** Seconds after which paris replays, and Cinder has deleted what is gone. */
    let ends = 0;
    let gone = "";
    let demoted: ImageView;
    let asked: string[] = [];
    beforeEach(() => {
        [ends, gone, asked] = [0, "", []];
        demoted = reader({ state: "up+stopped" });
        mock.method(moveBackend, "lookAtBoth", () => Promise.resolve(survey()));
    });

    const isOver = () => clock.now >= ends * 1000;
    function run(): Run {
        const none = () => Promise.resolve([]);
        const cinder = {
            services: () => Promise.resolve([row({ active_backend_id: "lyon" })]),
            allVolumes: () => {
                asked.push("Cinder");
                const ids = ["v1", "v2"].filter((id) => !isOver() || id !== gone);
                return Promise.resolve(ids.map(volumeOf));
            },
            allSnapshots: none,
            volumeTypes: none,
        };
        const site = (name: string) => ({
            site: { name },
            pool: () => {
                asked.push(name);
                const one = isOver() ? reader() : demoted;
                return Promise.resolve(
                    view({ "volume-v1": one, "volume-v2": gone === "v2" ? demoted : one }),
                );
            },
            refusedImages: none,
        });
        return {
            backend,
            parts: {
                ...{ topology, cinder, names, hostsOf: () => [] },
                sites: { primary: site("paris"), secondary: site("lyon") },
            },
            signal: new AbortController().signal,
            doing: () => undefined,
            found: () => undefined,
            journal: { append: () => undefined },
        } as unknown as Run;
    }
    const count = (who: string) => asked.filter((one) => one === who).length;

    it("is looked for where it must come, and Cinder asked a few times in half a minute", async () => {
        ends = 30;
        assert.equal(await proveReverse(run(), "secondary", ["v1", "v2"]), "2 of 2 replay");
        assert.equal(clock.now, 30_000);
        assert.deepEqual([count("Cinder"), count("paris"), count("lyon")], [2, 16, 0]);
    });

    it("is not waited for of a volume that was deleted meanwhile, nor of one that others have made", async () => {
        [ends, gone] = [20, "v2"];
        assert.equal(await proveReverse(run(), "secondary", ["v1", "v2", "v3"]), "1 of 1 replay");
        assert.equal(clock.now, 32_000);
    });

    for (const [what, image] of [
        ["is primary still", writer({ state: "up+replaying" })],
        ["is copied anew", reader({ state: "up+syncing" })],
    ] as const)
        it(`is not proven by an image that ${what}`, async () => {
            [ends, demoted] = [Infinity, image];
            await assert.rejects(
                proveReverse(run(), "secondary", ["v1", "v2"]),
                /^WaitError: gave up after 181 s waiting for the images on paris to replay; last seen: 0 of 2 replay$/,
            );
        });
});
