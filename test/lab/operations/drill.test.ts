import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { DrillReport } from "../../../core/drill";
import * as rbd from "../../../core/rbd";
import { renderDiff } from "../../../core/rbdDiff";
import { CephSite } from "../../../operations/cephSite";
import { Cinder } from "../../../operations/cinder";
import { findCloud } from "../../../operations/cloud";
import { waitFor } from "../../../operations/wait";
import {
    configFile,
    expectCode,
    lab,
    labEnvironment,
    labTopology,
    resolved,
    run,
    up,
} from "../support";

const within = (): AbortSignal => AbortSignal.timeout(300_000);

/** Drills on two replicated volumes of their own; the lab's stack is up. */
describe("cinder-dr drill on the lab", () => {
    const topology = labTopology();
    const { sites } = resolved(topology);
    const primary = new CephSite("primary", sites.primary);
    const secondary = new CephSite("secondary", sites.secondary);
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-drill-"));
    const journals = { CINDER_DR_JOURNALS: folder };
    const names = ["drill-1", "drill-2"];
    const volumes: string[] = [];
    let cinder: Cinder;
    let words: string[] = [];

    const specOf = (id: string) => `volumes/volume-${id}`;
    const list = async (at: CephSite, words: readonly string[]) =>
        JSON.parse((await at.rbd(words)).toString()) as ({ name: string } | string)[];
    /** Names of clones and snapshots of any drill on both sites. */
    async function traces(): Promise<string[]> {
        const found: string[] = [];
        for (const at of [primary, secondary]) {
            found.push(...((await list(at, rbd.listImages("volumes"))) as string[]));
            for (const id of volumes)
                for (const snapshot of await list(at, rbd.listSnapshots(specOf(id))))
                    found.push((snapshot as { name: string }).name);
        }
        return found.filter((name) => name.startsWith("cinder-dr-drill-"));
    }
    const drill = (...more: string[]) => run("node", [...words, ...more], journals);
    const reportOf = (output: string): DrillReport =>
        (JSON.parse(output) as { reports: DrillReport[] }).reports[0]!;

    before(async () => {
        expectCode(await up(topology), 0);
        cinder = new Cinder(findCloud(labEnvironment()));
        words = ["cli/bin.js", "drill", "--topology", configFile(topology)];
        for (const name of names) words.push("--volume", name);
        words.push("--backend", "ceph", "--reports", folder);
        for (const name of names) {
            const volume = await cinder.createVolume({
                name,
                description: "of a test",
                size: 1,
                volume_type: "replicated",
                metadata: {},
            });
            volumes.push(volume.id);
        }
        for (const id of volumes) {
            const ready = () => primary.rbdIfThere(rbd.imageInfo(specOf(id)));
            const signal = within();
            await waitFor(ready, { what: "an image", seconds: 60, signal });
            const diff = renderDiff(1 << 30, 4 << 20, Buffer.from(`written before: ${id}`));
            await primary.rbd(rbd.importDiff(specOf(id)), diff);
            const there = async () => {
                const { code, stdout } = await secondary.attempt(rbd.imageStatus(specOf(id)));
                return code === 0 && stdout.includes("up+replaying") ? true : undefined;
            };
            await waitFor(there, { what: "replaying", seconds: 120, signal });
        }
    });
    after(async () => {
        for (const id of volumes) await cinder.deleteVolume(id);
        await cinder.close();
        primary.close();
        secondary.close();
        rmSync(folder, { recursive: true });
    });

    it("proves every volume on a clone, runs the check, and leaves nothing", async () => {
        const check = `test "$CINDER_DR_SITE" = secondary && test $# = 2 #`;
        const args = ["--check", `sh -c '${check}' check`];
        const { stdout } = expectCode(await drill("--json", ...args), 0);
        const report = reportOf(stdout);
        assert.equal(report.ok, true);
        assert.deepEqual(report.images.map((i) => i.volumeName).sort(), names);
        for (const image of report.images) {
            assert.match(image.toSha256 ?? "", /^[0-9a-f]{64}$/);
            assert.equal(image.fromSha256, image.toSha256);
            assert.ok((image.rpoSeconds ?? 0) > 0);
        }
        // Each volume holds text of its own.
        assert.notEqual(report.images[0]?.toSha256, report.images[1]?.toSha256);
        assert.deepEqual(await traces(), []);
        const markdown = readFileSync(join(folder, `${report.id}.md`), "utf8");
        assert.match(markdown, /\*\*Passed\*\*: 2 of 2 images proven/);
        for (const id of volumes) {
            const volume = await cinder.volume(id);
            assert.equal(volume?.status, "available");
            assert.equal(volume.replication_status, "enabled");
        }
    });

    it("names a check that fails, and takes everything back", async () => {
        const { output } = expectCode(await drill("--check", "exit 7 #"), 3);
        assert.match(
            output,
            /PROBLEM check: `exit \(2 further words\)` on secondary ended with exit code 7/,
        );
        assert.deepEqual(await traces(), []);
    });

    it("finds and removes what a killed one left, while its lock is taken over", async () => {
        const child = spawn("node", [...words, "--check", "sleep 60 #"], {
            env: { ...labEnvironment(), ...journals },
            stdio: "ignore",
        });
        const clones = async () => ((await traces()).length >= 4 + 2 ? true : undefined);
        await waitFor(clones, { what: "clones", seconds: 180, signal: within() });
        const refused = expectCode(await drill(), 3);
        assert.match(
            refused.output,
            /runs `drill` since \S+ \(operation \S+\) \(process \d+ on this machine/,
        );
        child.kill("SIGKILL");
        const { output } = expectCode(await drill(), 0);
        assert.match(
            output,
            /warning leftovers: secondary: volumes\/cinder-dr-drill-\S+ of a killed/,
        );
        assert.match(output, /warning leftovers: primary: volumes\/volume-\S+@cinder-dr-drill-\S+/);
        assert.deepEqual(await traces(), []);
    });

    it("says so of volumes whose snapshot does not get across, and takes it back", async () => {
        lab("stop", "secondary", "mirror");
        try {
            const result = await drill("--replicate-seconds", "5");
            assert.match(
                result.output,
                /PROBLEM drill-1: volume-\S+ (?:gave up after 5 s waiting for the snapshot to reach secondary|is down\+)/,
            );
            assert.ok(result.code === 3 || result.code === 4, result.output);
        } finally {
            lab("cont", "secondary", "mirror");
        }
        const gone = async () => ((await traces()).length === 0 ? true : undefined);
        await waitFor(gone, { what: "the snapshots to go", seconds: 180, signal: within() });
    });

    it("refuses a volume that is not replicated", async () => {
        const { output } = expectCode(await drill("--volume", "plain"), 3);
        assert.match(output, /--volume must be a replicated volume of backend ceph, got 'plain'/);
    });
});
