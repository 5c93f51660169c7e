import { volumeFromImageHasAMirroredSource } from "../../../policies/rules/volumeFromImageHasAMirroredSource";
import { volumeType } from "../fixtures";
import { testRule } from "../support";

const volume = (props: Record<string, unknown>, type = "volume:Volume") => ({
    type: `openstack:blockstorage/${type}`,
    name: "root",
    props,
});
const said =
    "'root' is made from an image, which a replicated type can only clone from a mirrored pool; set imagesAreMirrored once that is so";

testRule(volumeFromImageHasAMirroredSource, {
    passes: {
        "a blank volume": volume({ size: 1 }),
        "a resource of another kind": {
            ...volume({ imageId: "x" }),
            type: "my-openstack:blockstorage/volume:Volume",
        },
        "a volume type": { ...volumeType(), props: { imageId: "x" } },
    },
    fails: {
        "a volume from an image": [volume({ imageId: "cirros" }), said],
        "an older resource": [volume({ imageId: "cirros" }, "volumeV2:VolumeV2"), said],
    },
    settings: {
        "passes when images are mirrored": [
            { imagesAreMirrored: true },
            volume({ imageId: "cirros" }),
        ],
    },
});
