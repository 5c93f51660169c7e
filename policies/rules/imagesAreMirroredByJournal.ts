import { callsOf, hasVerbs } from "../facts/shellWords";
import { CINDER_BACKEND } from "../facts/texts";
import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";
import { UNKNOWN } from "../seen";

export const imagesAreMirroredByJournal: ResourceRule = {
    name: "images-are-mirrored-by-journal",
    demand: "Images are mirrored by journal",
    why: "Cinder's RBD driver enables mirroring without a mode, which is journal, in every release: a snapshot schedule does nothing for its images",
    source: "cinder/volume/drivers/rbd.py _enable_replication; cinder-specs rbd-snapshot-mirroring",
    level: "mandatory",
    severity: "medium",
    reference: "internal",
    traps: [43],
    checks: [29],
    *judge(seen) {
        const mode = seen.inputs.imageMode;
        if (
            seen.type === CINDER_BACKEND &&
            mode !== undefined &&
            mode !== UNKNOWN &&
            mode !== "journal"
        )
            yield `has the image mode ${quoted(mode)}, which Cinder does not know; leave it out or write journal`;
        const calls = callsOf(seen, "rbd");
        if (
            calls.some(
                (call) => hasVerbs(call, "mirror", "image", "enable") && call.includes("snapshot"),
            )
        )
            yield "enables snapshot mirroring of an image; Cinder mirrors by journal";
        if (calls.some((call) => hasVerbs(call, "mirror", "snapshot", "schedule")))
            yield "schedules mirror snapshots, which do nothing for Cinder's images; leave the schedule out";
    },
};
