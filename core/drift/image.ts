import { REPLICATION_FEATURES, type ImageInfo } from "../mirrorStatus";
import { itemsOf, type DriftItem } from "./item";

const NEXT =
    "`rbd mirror image enable POOL/IMAGE journal` on this site adds both features and mirrors the image";

/**
 * One image of a volume that Cinder calls replicated, on the side where the volume is served.
 * @param section the volume's backend
 * @param spec `pool/image`
 * @param info undefined when there is no such image
 */
export function imageDrift(
    section: string,
    spec: string,
    info: ImageInfo | undefined,
): DriftItem | undefined {
    const make = itemsOf(`backends.${section}`);
    const next = NEXT.replace("POOL/IMAGE", spec);
    const wanted = `mirroring enabled, ${REPLICATION_FEATURES.join(", ")}`;
    if (info === undefined)
        return make.drifted(`image ${spec}`, "missing", wanted, "look for the volume's image");
    const lacking = REPLICATION_FEATURES.filter((feature) => !info.features.includes(feature));
    if (lacking.length === 0 && info.mirroring !== undefined) return undefined;
    const found = [
        info.mirroring === undefined ? "mirroring disabled" : "mirroring enabled",
        ...(lacking.length === 0 ? [] : [`without ${lacking.join(", ")}`]),
    ].join(", ");
    return make.drifted(`image ${spec}`, found, wanted, next);
}
