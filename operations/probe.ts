import { randomBytes } from "node:crypto";

import { parseImageInfo, parseMirrorStatus, REPLICATION_FEATURES } from "../core/mirrorStatus";
import type { ImageInfo } from "../core/mirrorStatus";
import * as rbd from "../core/rbd";
import { readDiff, renderDiff } from "../core/rbdDiff";
import type { CephSite } from "./cephSite";
import type { Cinder } from "./cinder";
import type { Volume } from "../core/volume";
import { waitFor, WaitError } from "./wait";

/** Marks the volumes of this command, so that the next run finds what a killed one left. */
export const PROBE_KEY = "cinder-dr";
export const PROBE_VALUE = "verify";
const PREFIX = "cinder-dr-verify-";

const CREATE_SECONDS = 120;
/** rbd-mirror publishes an image's status every 30 s only. */
const STATUS_SECONDS = 100;
const REPLAY_SECONDS = 120;
const DELETE_SECONDS = 120;
/** Not at the very start, where a boot record or an encryption header would stand. */
const MARK_OFFSET = 1024 * 1024;
const MARK_BYTES = 4096;

/** Something a probe expected and did not see. */
export class ProbeProblem extends Error {
    override readonly name = "ProbeProblem";
    constructor(
        message: string,
        readonly next: string,
    ) {
        super(message);
    }
}

interface ProbeParts {
    cinder: Cinder;
    primary: CephSite;
    secondary: CephSite;
    pool: string;
    signal: AbortSignal;
}

const parsed = <T>(parse: (text: string) => T, answer: Buffer | undefined): T | undefined =>
    answer === undefined ? undefined : parse(answer.toString("utf8"));

/** One volume made to see with its own bytes that a type's volumes reach the second cluster. */
export class Probe {
    private constructor(
        private readonly parts: ProbeParts,
        private readonly id: string,
        readonly volumeId: string,
    ) {}

    private get spec(): string {
        return `${this.parts.pool}/volume-${this.volumeId}`;
    }

    private get snapshot(): string {
        return PREFIX + this.id;
    }

    private get clone(): string {
        return `${this.parts.pool}/${PREFIX}${this.id}`;
    }

    static async create(parts: ProbeParts, volumeType: string): Promise<Probe> {
        const id = randomBytes(4).toString("hex");
        const volume = await parts.cinder.createVolume({
            name: PREFIX + id,
            description: `made by cinder-dr verify at ${new Date().toISOString()}; may be deleted`,
            size: 1,
            volume_type: volumeType,
            metadata: { [PROBE_KEY]: PROBE_VALUE },
        });
        return new Probe(parts, id, volume.id);
    }

    /** The probe that a killed run left behind, or undefined when the volume's name is none of ours. */
    static adopt(parts: ProbeParts, volume: Volume): Probe | undefined {
        if (!volume.name.startsWith(PREFIX)) return undefined;
        return new Probe(parts, volume.name.slice(PREFIX.length), volume.id);
    }

    /** The volume once Cinder has made it. */
    async available(signal = this.parts.signal): Promise<Volume> {
        const { cinder } = this.parts;
        let status = "";
        const volume = await waitFor(
            async () => {
                const seen = await cinder.volume(this.volumeId);
                status = seen?.status ?? "gone";
                return status === "creating" ? undefined : (seen ?? null);
            },
            {
                what: "Cinder to create the probe volume",
                seconds: CREATE_SECONDS,
                signal,
                last: () => status,
            },
        );
        if (volume?.status !== "available") {
            const [message = "see the log of cinder-scheduler and cinder-volume"] = await cinder
                .messagesOf(this.volumeId)
                .catch(() => []);
            throw new ProbeProblem(`the probe volume is '${status}'`, `Cinder says: ${message}`);
        }
        return volume;
    }

    /** The image on the primary, with what Cinder's driver must have given it. */
    async primaryImage(): Promise<ImageInfo> {
        const answer = await this.parts.primary.rbdIfThere(rbd.imageInfo(this.spec));
        const info = parsed(parseImageInfo, answer);
        const where = `image ${this.spec} on ${this.parts.primary.site.name}`;
        if (info === undefined)
            throw new ProbeProblem(
                `there is no ${where}`,
                "the topology's primary site must be the cluster of the backend's conf",
            );
        const missing = REPLICATION_FEATURES.filter((f) => !info.features.includes(f));
        if (missing.length > 0 || info.mirroring === undefined)
            throw new ProbeProblem(
                `${where} is not mirrored (features ${info.features.join(", ")})`,
                "the pool must be in mirror mode image, and the backend must have its replication_device",
            );
        if (!info.mirroring.primary)
            throw new ProbeProblem(
                `${where} is not primary`,
                "the backend is failed over: verify looks at the primary site only after a failback",
            );
        return info;
    }

    /** The state of the image on the secondary, once it replays. */
    async replaying(): Promise<string> {
        const { secondary, signal } = this.parts;
        let last = "no image there";
        const status = await waitFor(
            async () => {
                const answer = await secondary.attempt(rbd.imageStatus(this.spec));
                if (answer.code !== 0) {
                    last = answer.stderr.split("\n").at(-1) ?? "";
                    return undefined;
                }
                const seen = parseMirrorStatus(answer.stdout.toString("utf8"));
                last = `${seen.state}: ${seen.description}`;
                return seen.state === "up+replaying" ? seen : undefined;
            },
            {
                what: `image ${this.spec} to replay on ${secondary.site.name}`,
                seconds: STATUS_SECONDS,
                signal,
                last: () => last,
            },
        );
        return status.state;
    }

    /** Writes random bytes on the primary, reads them from a clone on the secondary. @returns their count */
    async carryMark(image: ImageInfo): Promise<number> {
        const { primary, secondary, signal } = this.parts;
        const mark = randomBytes(MARK_BYTES);
        await primary.rbd(
            rbd.importDiff(this.spec),
            renderDiff(image.sizeBytes, MARK_OFFSET, mark),
        );
        await primary.rbd(rbd.createSnapshot(this.spec, this.snapshot));
        await waitFor(async () => ((await this.hasSnapshot()) ? true : undefined), {
            what: `the mark's snapshot to reach ${secondary.site.name}`,
            seconds: REPLAY_SECONDS,
            signal,
        });
        await secondary.rbd(rbd.cloneSnapshot(this.spec, this.snapshot, this.clone));
        const read = readDiff(
            await secondary.rbd(rbd.exportDiff(this.clone)),
            MARK_OFFSET,
            MARK_BYTES,
        );
        if (!read.equals(mark))
            throw new ProbeProblem(
                `${secondary.site.name} holds other bytes than were written on ${primary.site.name}`,
                "do not fail over: compare the images of this pool on both sites",
            );
        return read.length;
    }

    private async hasSnapshot(): Promise<boolean> {
        const answer = await this.parts.secondary.rbdIfThere(rbd.listSnapshots(this.spec));
        const list = parsed((text) => JSON.parse(text) as { name: string }[], answer);
        return list?.some((snapshot) => snapshot.name === this.snapshot) ?? false;
    }

    /**
     * Takes back everything, in the order Ceph allows; what is not there is no error.
     * @param signal a new one: an interrupted run is still cleaned up
     */
    async remove(signal: AbortSignal): Promise<void> {
        const { cinder, primary, secondary } = this.parts;
        await secondary.rbdIfThere(rbd.removeImage(this.clone));
        await primary.rbdIfThere(rbd.removeSnapshot(this.spec, this.snapshot));
        // Cinder refuses to delete a volume that it is still creating.
        await this.available(signal).catch((error: unknown) => {
            if (!(error instanceof ProbeProblem || error instanceof WaitError)) throw error;
        });
        await cinder.deleteVolume(this.volumeId);
        const gone = (what: string, ask: () => Promise<unknown>) =>
            waitFor(async () => ((await ask()) === undefined ? true : undefined), {
                what,
                seconds: DELETE_SECONDS,
                signal,
            });
        await gone("Cinder to delete the probe volume", () => cinder.volume(this.volumeId));
        await gone(`the probe's image to leave ${secondary.site.name}`, () =>
            secondary.rbdIfThere(rbd.imageInfo(this.spec)),
        );
    }
}
