import { cloneDepthIsPositive } from "../../../policies/rules/cloneDepthIsPositive";
import { confCommand, stanza } from "../fixtures";
import { testRule } from "../support";

const said = (depth: string) =>
    `'conf' [ceph] has rbd_max_clone_depth = ${depth}, so clones are not mirrored; set it to 1 or more, or leave it out`;

testRule(cloneDepthIsPositive, {
    passes: {
        "Cinder's default": confCommand(stanza()),
        "a positive depth": confCommand(stanza({ rbd_max_clone_depth: "10" })),
        "zeros before it": confCommand(stanza({ rbd_max_clone_depth: "05" })),
    },
    fails: {
        zero: [confCommand(stanza({ rbd_max_clone_depth: "0" })), said("'0'")],
        "no number": [confCommand(stanza({ rbd_max_clone_depth: "1x" })), said("'1x'")],
        "a negative one": [confCommand(stanza({ rbd_max_clone_depth: "-5" })), said("'-5'")],
    },
    unknown: ["create"],
});
