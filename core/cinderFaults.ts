import { isReplicated, type ImageView, type Pair } from "./replica";
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

const MARK =
    "have it counted as not replicated: `--accept-loss unmarked=N` marks it so, with `failover --planned`, where it goes to error with the others that are not, or with `failback`";

/** What Cinder's own attributes say against its image, on the side that is active. */
export function cinderFaults(
    { volume }: Pair,
    image: ImageView | undefined,
    exists: boolean,
    site: string,
): ImageFault[] {
    const found: ImageFault[] = [];
    const status = volume.replicationStatus ?? "null";
    if (isReplicated(volume) && !exists)
        found.push({
            kind: "ghost",
            fact: `Cinder counts it as replicated (replication_status ${status}, status ${volume.status}), and there is no image ${volume.image} on ${site}`,
            next: `delete it, or ${MARK}: it fails the demotion, and every other image is then promoted by force`,
        });
    if (isReplicated(volume) && exists && image === undefined)
        found.push({
            kind: "unmirrored",
            fact: `Cinder says replication_status ${status}, and the image is not mirrored on ${site}`,
            next: `retype it to a replicated type, or ${MARK}`,
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
