import { isReplicated, type ImageView, type Pair } from "./replica";
import type { Role } from "./topology/site";
import { REPLICATION_ENABLED } from "./topology/volumeType";

/** What Cinder and Ceph do not agree on, or what keeps an image from being protected. */
export type FaultKind =
    | "ghost"
    | "misspelt"
    | "unmirrored"
    | "snapshotMode"
    | "splitBrain"
    | "twoPrimaries"
    | "noPrimary"
    | "wrongPrimary"
    | "missing"
    | "notReplaying"
    | "stale"
    | "behind"
    | "unflushed"
    | "cinderError";

export interface ImageFault {
    kind: FaultKind;
    fact: string;
    next: string;
}

const spelt = (text: string): boolean => /^\s*<is>\s*(true|1|t|yes|on|y)\s*$/i.test(text);

/** What the side that is not active has of a volume; `whole`: all of it, and nobody else has. */
export type Elsewhere = "unseen" | "nothing" | "plain" | "mirrored" | "whole";

/** Where a volume is served, and what the other side has of it. */
export interface Place {
    role: Role;
    /** Names of the sites. */
    active: string;
    other: string;
    elsewhere: Elsewhere;
}

/** A planned failover goes from the primary alone, and a failback from the secondary. */
const MARK: Record<Role, string> = {
    primary:
        "have it counted as not replicated: `--accept-loss unmarked=N` marks it so, with `failover --planned`, where it goes to error with the others that are not",
    secondary:
        "have it counted as not replicated: `--accept-loss unmarked=N` marks it so, with `failback`",
};

/** The cure of what is whole on the primary while Cinder serves it from the secondary. */
export const servedAgain = (primary: string): string =>
    `keep it: all of it is on ${primary}; \`failback\` with \`--accept-loss unmarked=N\` leaves it as it is there, and has it served from there again`;

/** What helps where the side that is active has no image: it must not cost the only one. */
function ghostCure({ role, active, other, elsewhere }: Place): string {
    const mark = MARK[role];
    switch (elsewhere) {
        case "whole":
            return servedAgain(other);
        case "nothing":
            return `delete it, or ${mark}: it fails the demotion, and every other image is then promoted by force`;
        case "unseen":
            return `keep it until ${other} answers, which may have its only image; then ${mark}`;
        case "plain":
            return `${other} has its only image: ${mark}${role === "secondary" ? "; it is served from there again" : ""}`;
        case "mirrored":
            return role === "primary"
                ? `${other} has its only image: copy that to ${active} before you delete it, or ${mark}`
                : `${other} has its only image, which is not primary: if its bytes are worth keeping, \`rbd mirror image promote --force\` there, and \`failback\` takes it with \`--accept-loss unmarked=N\`; else delete it`;
    }
}

function unmirroredCure({ role, other, elsewhere }: Place): string {
    const mend = `retype it to a replicated type, or ${MARK[role]}`;
    return role === "secondary" && elsewhere === "mirrored"
        ? `${other} has another image of its name, which the failback would serve: move that away there (\`rbd mirror image disable --force\`, \`rbd rename\`); then ${mend}`
        : mend;
}

/** What Cinder's own attributes say against its image, on the side that is active. */
export function cinderFaults(
    { volume }: Pair,
    image: ImageView | undefined,
    exists: boolean,
    place: Place,
): ImageFault[] {
    const found: ImageFault[] = [];
    const status = volume.replicationStatus ?? "null";
    if (isReplicated(volume) && !exists)
        found.push({
            kind: "ghost",
            fact: `Cinder counts it as replicated (replication_status ${status}, status ${volume.status}), and there is no image ${volume.image} on ${place.active}`,
            next: ghostCure(place),
        });
    if (isReplicated(volume) && exists && image === undefined)
        found.push({
            kind: "unmirrored",
            fact: `Cinder says replication_status ${status}, and the image is not mirrored on ${place.active}`,
            next: unmirroredCure(place),
        });
    if (!isReplicated(volume) && volume.typeSpec !== undefined && spelt(volume.typeSpec)) {
        if (volume.typeSpec !== REPLICATION_ENABLED)
            found.push({
                kind: "misspelt",
                fact: `its type '${volume.type}' says replication_enabled='${volume.typeSpec}', which the driver does not take: it is not replicated`,
                next: `retype it to a type with exactly '${REPLICATION_ENABLED}'`,
            });
        else if (image === undefined && volume.replicationStatus !== "not-capable")
            found.push({
                kind: "unmirrored",
                fact: `its type '${volume.type}' asks for replication, and its image is not mirrored (a full copy, or an encrypted blank volume)`,
                next: "retype it to a plain type and back to the replicated one",
            });
    }
    if (isReplicated(volume) && /^error/.test(volume.status))
        found.push({
            kind: "cinderError",
            fact: `its status in Cinder is '${volume.status}', replication_status ${status}`,
            next: "find out why before you reset its status",
        });
    return found;
}
