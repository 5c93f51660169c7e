import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { withRequest } from "../../../operations/hostScript";
import { PYTHON } from "../fakeHost";

describe("host/service.py, asked what it runs", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-service-"));
    before(function () {
        if (spawnSync(PYTHON, ["-c", "import oslo_config"]).status === 0) return;
        assert.equal(process.env.CI, undefined, "oslo.config must be installed where CI runs");
        this.skip();
    });
    after(() => {
        rmSync(folder, { recursive: true });
    });

    /** @param options of the section [DEFAULT] */
    function look(options: string): Record<string, unknown> {
        const config = join(folder, "cinder.conf");
        writeFileSync(
            config,
            `[DEFAULT]\nhost = cinder-a\n${options}\n[ceph]\nrbd_pool = volumes\n`,
        );
        const request = { do: "look", section: "ceph", pool: "volumes", seconds: 1, sides: {} };
        const input = withRequest("service.py", { ...request, config });
        const { stdout } = spawnSync(PYTHON, ["-I", "-"], { input, encoding: "utf8" });
        return JSON.parse(stdout) as Record<string, unknown>;
    }

    it("names its service and by what template images are called, as Cinder reads it", () => {
        const { service, template } = look("");
        assert.deepEqual([service, template], ["cinder-a@ceph", "volume-%s"]);
        assert.equal(look("volume_name_template = vol-%s").template, "vol-%s");
    });
});
