import { strict as assert } from "node:assert";

import { Cinder } from "../../operations/cinder";
import { findCloud } from "../../operations/cloud";
import { waitFor } from "../../operations/wait";
import { Engine } from "../faults/engine";
import { expectCode, labEnvironment, labTopology, run, type Mutable, type Run } from "./support";

const NAME = "in-use";
const FIRST = /first take `projects` out, write `isPublic: false`, and run `pulumi up`/;
const WAY =
    /Declare a new type beside it, retype the volumes in waves, then retire this one: docs\/volume-types\.md/;

/** A type with a volume, on the real engine and the real Cinder; the hosts take no part. */
describe("a volume type in use", () => {
    const cinder = new Cinder(findCloud(labEnvironment()));
    let engine: Engine;
    let volume = "";
    let project = "";

    const topologyOf = (type: Mutable, name = NAME): Mutable => {
        const topology = labTopology();
        for (const host of Object.values<Mutable>(topology.hosts as object))
            host.unreachable = "takes no part in this test";
        topology.volumeTypes = type === undefined ? {} : { [name]: { backend: "ceph", ...type } };
        return topology;
    };
    const open = { protect: false };
    const type = async () => (await cinder.volumeTypes()).find(({ name }) => name === NAME);

    const gone = async (id: string): Promise<void> => {
        await cinder.deleteVolume(id);
        await waitFor(async () => ((await cinder.volume(id)) === undefined ? true : undefined), {
            what: "the volume to go",
            seconds: 60,
            signal: AbortSignal.timeout(90_000),
        });
    };

    before(async () => {
        const stale = await cinder.allVolumes();
        for (const { id, name } of stale) if (name === NAME) await gone(id);
        // Fails where no earlier run was cut off.
        await run("openstack", ["volume", "type", "delete", NAME]);
        engine = new Engine("volume-types");
        expectCode(await engine.up(topologyOf({})), 0);
        ({ id: volume } = await cinder.createVolume({
            name: NAME,
            description: "",
            size: 1,
            volume_type: NAME,
            metadata: {},
        }));
        const made = await waitFor(
            async () => {
                const seen = await cinder.volume(volume);
                return seen?.status === "creating" ? undefined : seen;
            },
            { what: "the volume", seconds: 60, signal: AbortSignal.timeout(90_000) },
        );
        project = made["os-vol-tenant-attr:tenant_id"] ?? "";
    });
    after(async () => {
        await gone(volume);
        expectCode(await engine.up(topologyOf(open)), 0);
        expectCode(await engine.destroy(topologyOf(open)), 0);
        assert.equal(await type(), undefined);
        engine.close();
        await cinder.close();
    });

    const refused = (result: Run, says: RegExp): void => {
        assert.notEqual(result.code, 0, result.output);
        assert.match(result.output, says);
        assert.match(result.output, WAY);
    };
    const CHANGED =
        /cinder-dr: volume type 'in-use': its extra specs would change \(x: none to 'y'\), and they are its identity/;
    const TAKEN_OUT = /cinder-dr: volume type 'in-use': is taken out\./;

    it("that is protected keeps its specs: the preview refuses and says the way round", async () => {
        const before = await type();
        const changed = topologyOf({ extraSpecs: { x: "y" } });
        refused(await engine.preview(changed), CHANGED);
        refused(await engine.up(changed), CHANGED);
        refused(await engine.preview(topologyOf(undefined)), TAKEN_OUT);
        assert.deepEqual(await type(), before);
    });

    it("that is not protected is refused by Cinder, and nothing has changed then", async () => {
        expectCode(await engine.up(topologyOf(open)), 0);
        const before = await type();
        const replaced = await engine.up(topologyOf({ ...open, extraSpecs: { x: "y" } }));
        refused(replaced, CHANGED);
        assert.match(replaced.output, /in use/);
        assert.deepEqual(await type(), before);
        refused(await engine.up(topologyOf(undefined)), TAKEN_OUT);
        assert.deepEqual(await type(), before);
        expectCode(await engine.up(topologyOf(open)), 0);
        assert.deepEqual(await type(), before);
    });

    it("that is private keeps its projects", async () => {
        const shut = { ...open, projects: [project] };
        expectCode(await engine.up(topologyOf(shut)), 0);
        const before = await type();
        const has = () => cinder.projectsOf(before?.id ?? "");
        assert.deepEqual(await has(), [project]);
        for (const change of [{ ...shut, extraSpecs: { x: "y" } }, undefined]) {
            const result = await engine.up(topologyOf(change));
            refused(result, change === undefined ? TAKEN_OUT : CHANGED);
            assert.match(result.output, FIRST);
            assert.deepEqual(await type(), before);
            assert.deepEqual(await has(), [project]);
        }
        const opened = await engine.up(topologyOf(open));
        assert.notEqual(opened.code, 0);
        assert.match(opened.output, /'in-use': would become public/);
        assert.match(opened.output, FIRST);
        expectCode(await engine.up(topologyOf(shut)), 0);
        assert.deepEqual(await has(), [project]);
        expectCode(await engine.up(topologyOf({ ...open, isPublic: false })), 0);
        assert.deepEqual(await has(), []);
    });
});
