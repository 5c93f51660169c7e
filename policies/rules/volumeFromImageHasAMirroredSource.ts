import type { ResourceRule } from "../rule";

const VOLUME = /^openstack:blockstorage\/volume(?:V[123])?:Volume/;

export const volumeFromImageHasAMirroredSource: ResourceRule = {
    name: "volume-from-image-has-a-mirrored-source",
    demand: "A volume made from an image says that the image's pool is mirrored",
    why: "A raw image is cloned copy-on-write, and Ceph refuses to mirror a clone of an unmirrored parent: the volume ends in error",
    source: "librbd: mirroring a clone needs a mirrored parent; cinder/volume/drivers/rbd.py clone_image",
    level: "advisory",
    severity: "medium",
    reference: "internal",
    traps: [14],
    checks: [],
    settings: {
        imagesAreMirrored: {
            type: "boolean",
            default: false,
            description:
                "Glance's images lie in a mirrored pool, or are not raw, or have no direct URL.",
        },
    },
    *judge({ type, inputs }, { imagesAreMirrored }) {
        if (!VOLUME.test(type) || inputs.imageId === undefined || imagesAreMirrored === true)
            return;
        yield "is made from an image, which a replicated type can only clone from a mirrored pool; set imagesAreMirrored once that is so";
    },
};
