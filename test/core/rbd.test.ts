import assert from "node:assert/strict";

import { ceph, cloneSnapshot, imageInfo, importDiff, rbd } from "../../core/rbd";
import { parseTopology } from "../../core/topology";
import { withValue } from "../support/topology";

const { primary } = parseTopology(
    withValue("sites/primary/commandPrefix", ["cephadm", "shell", "--"]),
).sites;
const ACCESS = "--cluster ceph --conf /etc/ceph/ceph.conf --id admin";

describe("a command for a site", () => {
    const commands: [words: readonly string[], line: string][] = [
        [
            rbd(primary, imageInfo("volumes/v")),
            `cephadm shell -- rbd ${ACCESS} --client-mount-timeout 20 info --format json volumes/v`,
        ],
        [ceph(primary, ["fsid"]), `cephadm shell -- ceph ${ACCESS} --connect-timeout 20 fsid`],
        [importDiff("volumes/v"), "import-diff --no-progress - volumes/v"],
        [
            cloneSnapshot("volumes/v", "s", "volumes/c"),
            "clone --rbd-default-clone-format 2 --image-feature layering,exclusive-lock,object-map volumes/v@s volumes/c",
        ],
    ];
    for (const [words, line] of commands)
        it(line, () => {
            assert.equal(words.join(" "), line);
        });
});
