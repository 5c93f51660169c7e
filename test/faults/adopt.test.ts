import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { expectCode, run, type Mutable } from "../lab/support";
import { Engine } from "./engine";
import { LightHost, lightTopology } from "./lightHost";
import { another, state, UNTOUCHED } from "./trial";

const TYPE = "made by hand";

describe("adoption", () => {
    const host = new LightHost("load-14");
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-adopt-"));
    const file = join(folder, "topology.yaml");
    let engine = new Engine("faults-adopt");
    const openstack = async (...words: string[]) =>
        expectCode(await run("openstack", ["volume", "type", ...words]), 0).stdout.trim();
    /** All types with their specs; the API gives the specs in any order. */
    const types = async (): Promise<unknown> =>
        JSON.parse(await openstack("list", "--long", "-f", "json"));
    const adopt = (...flags: string[]) =>
        run("node", ["cli/bin.js", "adopt", "--topology", file, ...flags]);
    let id = "";

    before(async () => {
        await host.install();
        await run("openstack", ["volume", "type", "delete", TYPE]);
        const specs = ["replication_enabled=<is> True", "volume_backend_name=ceph", "note=kept"];
        const words = specs.flatMap((spec) => ["--property", spec]);
        id = await openstack(
            "create",
            TYPE,
            ...words,
            "--description",
            "by hand",
            "-f",
            "value",
            "-c",
            "id",
        );
    });
    after(async () => {
        engine.close();
        host.close();
        rmSync(folder, { recursive: true });
        await run("openstack", ["volume", "type", "delete", TYPE]);
    });

    it("writes an existing type with its id, and the first `up` imports it and changes nothing", async () => {
        writeFileSync(file, `# mine\n${stringify(lightTopology([host.name], another()))}`);
        const shown = expectCode(await adopt(), 0).output;
        assert.match(shown, new RegExp(`adopt {3}${TYPE}: id ${id}, backend ceph`));
        assert.doesNotMatch(readFileSync(file, "utf8"), new RegExp(id));
        expectCode(await adopt("--write"), 0);
        const text = readFileSync(file, "utf8");
        assert.match(text, /^# mine/);
        const topology: Mutable = parse(text);
        assert.deepEqual(topology.volumeTypes[TYPE], {
            backend: "ceph",
            importId: id,
            description: "by hand",
            extraSpecs: { note: "kept" },
        });
        const before = await types();
        const { output } = expectCode(await engine.up(topology), 0);
        assert.match(output, /imported/);
        assert.deepEqual(await types(), before);
        expectCode(await engine.up(topology, "--expect-no-changes"), 0);
        assert.match(expectCode(await adopt(), 0).output, /the topology has it already/);
    });

    it("is the way back when the state is lost: no restart, no second type", async () => {
        const topology: Mutable = parse(readFileSync(file, "utf8"));
        const before = await host.snapshot();
        const typesBefore = await types();
        engine.close();
        engine = new Engine("faults-adopt");
        expectCode(await engine.up(topology), 0);
        assert.equal((await host.result()).outcome, "unchanged");
        assert.equal(await state(host, before), UNTOUCHED);
        assert.deepEqual(await types(), typesBefore);
    });
});
