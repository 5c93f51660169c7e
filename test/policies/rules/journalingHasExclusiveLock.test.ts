import { journalingHasExclusiveLock } from "../../../policies/rules/journalingHasExclusiveLock";
import { command } from "../fixtures";
import { testRule } from "../support";

testRule(journalingHasExclusiveLock, {
    passes: {
        both: command("rbd create volumes/a --size 1 --image-feature exclusive-lock,journaling"),
        "both one by one": command(
            "rbd create volumes/a --size 1 --image-feature journaling --image-feature exclusive-lock",
        ),
        "no journaling": command("rbd create volumes/a --size 1 --image-feature layering"),
        "another verb": command("rbd info --image-feature journaling"),
        "another feature": command("rbd feature disable volumes/a fast-diff"),
        "enabling it": command("rbd feature enable volumes/a exclusive-lock"),
        "another program": command("create --image-feature journaling"),
    },
    fails: {
        "journaling alone": [
            command("rbd create volumes/a --size 1 --image-feature layering,journaling"),
            "'run' creates an image with journaling and without exclusive-lock; add exclusive-lock",
        ],
        "journaling alone, in the plural": [
            command("rbd create volumes/a --size 1 --image-features=journaling"),
            "'run' creates an image with journaling and without exclusive-lock; add exclusive-lock",
        ],
        "taking it off": [
            command("rbd feature disable volumes/a exclusive-lock"),
            "'run' takes exclusive-lock off an image, and journaling with it; leave it on",
        ],
    },
    unknown: ["create"],
});
