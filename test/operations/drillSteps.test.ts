import { strict as assert } from "node:assert";

import { drillNames } from "../../core/drill";
import { parseTopology } from "../../core/topology";
import type { CephSite } from "../../operations/cephSite";
import type { Cinder } from "../../operations/cinder";
import { drill } from "../../operations/drill";
import type { Candidate } from "../../operations/drillImages";
import type { DrillOptions } from "../../operations/drillRun";
import { tearDown } from "../../operations/drillSteps";
import { goodTopology } from "../support/topology";

const ID = "20261122T204446-drill-ceph";
const { snapshot } = drillNames(ID, "");
const TIB = 2 ** 40;

/** One cluster's images and snapshots, as far as a removal asks for them. */
class Cluster {
    readonly asked: string[] = [];
    images: string[] = [];
    /** Snapshots of each image. */
    snapshots: string[] = [];
    /** A part of the command that fails. */
    broken: string | undefined;

    constructor(readonly name: string) {}

    private answer(words: readonly string[], seconds?: number): Buffer {
        const line = words.filter((word) => !word.startsWith("--")).join(" ");
        this.asked.push(`${line}${seconds === undefined ? "" : ` within ${String(seconds)} s`}`);
        if (this.broken !== undefined && line.includes(this.broken))
            throw new Error("it is broken");
        if (line.startsWith("mirror pool status"))
            return Buffer.from(JSON.stringify({ images: [{ name: "volume-1" }] }));
        if (line.startsWith("info")) {
            const mirroring = { state: "enabled", primary: this.name === "paris" };
            return Buffer.from(JSON.stringify({ size: 2 * TIB, features: [], mirroring }));
        }
        if (line.startsWith("snap ls"))
            return Buffer.from(JSON.stringify(this.snapshots.map((name) => ({ name }))));
        return Buffer.from(JSON.stringify(this.images));
    }

    readonly site = {
        site: { name: "" },
        rbd: (words: readonly string[]) => Promise.resolve(this.answer(words)),
        rbdIfThere: async (words: readonly string[], seconds?: number) => {
            await Promise.resolve();
            return this.answer(words, seconds);
        },
        attempt: async (words: readonly string[]) => {
            await Promise.resolve();
            return { code: 0, stdout: this.answer(words), stderr: "" };
        },
    } as unknown as CephSite;

    removals(): string[] {
        return this.asked.filter((line) => /^(?:snap )?rm /.test(line));
    }
}

describe("the tear down of a drill", () => {
    let paris: Cluster;
    let lyon: Cluster;
    beforeEach(() => {
        [paris, lyon] = [new Cluster("paris"), new Cluster("lyon")];
        for (const at of [paris, lyon]) Object.assign(at.site.site, { name: at.name });
    });
    const candidate = (image: string, sizeBytes: number): Candidate => ({
        from: paris.site,
        to: lyon.site,
        image: {
            pool: "volumes",
            image,
            sizeBytes,
            from: "paris",
            to: "lyon",
            clone: drillNames(ID, image).clone,
        },
    });
    const torn = (...candidates: Candidate[]) =>
        tearDown(candidates, ID, AbortSignal.timeout(3000));

    it("gives the removal of a clone time by the volume's size", async () => {
        assert.deepEqual(await torn(candidate("volume-1", 0), candidate("volume-2", 2 * TIB)), []);
        assert.deepEqual(lyon.removals(), [
            `rm volumes/${snapshot}-volume-1 within 60 s`,
            `rm volumes/${snapshot}-volume-2 within 2108 s`,
        ]);
    });

    it("removes everything before it waits for the other site", async () => {
        const many = Array.from({ length: 20 }, (_, i) => candidate(`volume-${String(i)}`, 0));
        lyon.snapshots = [snapshot];
        const rm = paris.site.rbdIfThere.bind(paris.site);
        // rbd-mirror replays the removals once the last one is there.
        let asked = 0;
        Object.assign(paris.site, {
            rbdIfThere: (words: readonly string[]) => {
                if (++asked === many.length) lyon.snapshots = [];
                return rm(words);
            },
        });
        assert.deepEqual(await torn(...many), []);
        assert.equal(paris.removals().length, many.length);
    });

    it("does not wait for what cannot go, and names what it could not remove", async () => {
        lyon.snapshots = [snapshot];
        lyon.broken = `rm volumes/${snapshot}-volume-1`;
        assert.deepEqual(await torn(candidate("volume-1", 0)), [
            `lyon: volumes/${snapshot}-volume-1 (it is broken)`,
        ]);
        assert.deepEqual(paris.removals(), [`snap rm volumes/volume-1@${snapshot}`]);
        assert.ok(!lyon.asked.some((line) => line.startsWith("snap ls")));
    });

    it("of a killed one takes its clones away, by their size and before their snapshots", async () => {
        const [backend] = parseTopology(goodTopology()).backends;
        lyon.images = [`${snapshot}-volume-1`, `${snapshot}-volume-2`, "volume-1"];
        paris.snapshots = lyon.snapshots = [snapshot, "of-a-user"];
        const report = await drill({
            id: "20261123T000000-drill-ceph",
            who: "kim",
            sites: [paris.site, lyon.site],
            backend,
            cinder: { allVolumes: () => Promise.resolve([]) } as unknown as Cinder,
            volumes: [],
            replicateSeconds: 1,
            signal: AbortSignal.timeout(10_000),
            phased: () => undefined,
            found: () => undefined,
            doing: () => undefined,
        } as DrillOptions);
        assert.deepEqual(lyon.removals(), [
            `rm volumes/${snapshot}-volume-1 within 2108 s`,
            `rm volumes/${snapshot}-volume-2 within 2108 s`,
        ]);
        assert.deepEqual(paris.removals(), [`snap rm volumes/volume-1@${snapshot}`]);
        assert.equal(report.leftoversRemoved.length, 3);
        assert.match(report.leftoversRemoved[2] ?? "", /^paris: /);
    });
});
