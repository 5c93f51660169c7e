import assert from "node:assert/strict";

import type { CephSite } from "../../operations/cephSite";
import type { Cinder } from "../../operations/cinder";
import type { Volume } from "../../core/volume";
import { lookAt } from "../../operations/drillImages";
import { DrillError, volumesOf } from "../../operations/drillVolumes";
import type { Nova } from "../../operations/nova";
import type { Parts } from "../../operations/parts";
import { lookAtServers } from "../../operations/servers";
import { askCinder } from "../../operations/takeSurvey";
import { backend, topology } from "../support/fakeServers";
import { row } from "../support/survey";

describe("a volume whose name acts on a terminal", () => {
    const NAME = "db\u001b[2K\r\n`cinder-dr failback`";
    const SHOWN = "db\\u001b[2K\\u000d\\u000a\\u0060cinder-dr failback\\u0060";
    const host = `cinder-a@${backend.section}`;
    const volume = {
        id: "v1",
        name: NAME,
        status: "in-use",
        replication_status: "enabled",
        "os-vol-host-attr:host": `${host}#pool`,
    } as unknown as Volume;
    const cinder = {
        services: () => Promise.resolve([row({ host })]),
        allVolumes: () => Promise.resolve([volume, { ...volume, id: "v2", name: null }]),
        allSnapshots: () => Promise.resolve([]),
        volumeTypes: () => Promise.resolve([]),
        allAttachments: () => Promise.resolve([{ id: "a", volume_id: "v1", instance: "s1" }]),
    } as unknown as Cinder;

    it("is shown so that it does not, in what is said of a backend", async () => {
        const { volumes } = await askCinder({ cinder } as unknown as Parts);
        assert.deepEqual(
            volumes.map(({ name }) => name),
            [SHOWN, ""],
        );
    });
    it("is shown so in what is said of its servers", async () => {
        const nova = {
            server: () => Promise.resolve({ id: "s1", name: "web", status: "ACTIVE" }),
            attachmentsOf: () => Promise.resolve([]),
        } as unknown as Nova;
        const { signal } = new AbortController();
        const { plans } = await lookAtServers(cinder, nova, topology, backend, signal);
        assert.equal(plans[0]?.volumes[0]?.volumeName, SHOWN);
    });
    it("is shown so in a drill", async () => {
        const at = (name: string) =>
            ({
                site: { name },
                rbdIfThere: () => Promise.resolve(undefined),
            }) as unknown as CephSite;
        const sites = [at("paris"), at("lyon")] as const;
        const { image } = await lookAt(sites, "d", backend, "volume-v1", volume);
        assert.equal(image.volumeName, SHOWN);
    });
    it("is drilled by its name as it is typed, and as it is shown", async () => {
        for (const word of [NAME, SHOWN, "v1"])
            assert.deepEqual([...(await volumesOf(cinder, backend, [word])).keys()], ["volume-v1"]);
        await assert.rejects(volumesOf(cinder, backend, ["db"]), DrillError);
    });
});
