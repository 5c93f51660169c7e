import { poolMirrorsImageByImage } from "../../../policies/rules/poolMirrorsImageByImage";
import { command, localCommand } from "../fixtures";
import { testRule } from "../support";

const said =
    "'run' mirrors a whole pool, and Cinder mirrors image by image; write image instead of pool";

testRule(poolMirrorsImageByImage, {
    passes: {
        "image mode": command("rbd mirror pool enable --site-name paris volumes image"),
        "a pool called pool": command("rbd mirror pool enable pool image"),
        "a pool of Glance": command("rbd mirror pool enable images pool"),
        "a pool of Glance as an option": command("rbd mirror pool enable -p images pool"),
        "a look at a pool of that name": command("rbd mirror pool info pool"),
        "another program": command("echo mirror pool enable x pool"),
    },
    fails: {
        "pool mode": [command("rbd mirror pool enable volumes pool"), said],
        "pool mode through cephadm and sudo": [
            command("sudo cephadm shell -- rbd --cluster b mirror pool enable volumes pool"),
            said,
        ],
        "pool mode before an option": [
            command("rbd mirror pool enable volumes pool --site-name paris"),
            said,
        ],
        "pool mode with the pool as an option": [
            command("rbd mirror pool enable --pool volumes pool"),
            said,
        ],
        "pool mode in a script": [
            localCommand("ssh admin true && sh -c 'rbd mirror pool enable volumes pool'"),
            said,
        ],
        "pool mode on update": [
            command("true", { update: "rbd mirror pool enable volumes pool" }),
            said,
        ],
        "pool mode on stdin": [
            command("sh -s", { stdin: "rbd mirror pool enable volumes pool\n" }),
            said,
        ],
    },
    unknown: ["create"],
    settings: {
        "passes a pool that is not Cinder's": [
            { otherPools: ["volumes"] },
            command("rbd mirror pool enable volumes pool"),
        ],
        "fails for Glance's pool": [
            { otherPools: [] },
            command("rbd mirror pool enable images pool"),
            said,
        ],
    },
});
