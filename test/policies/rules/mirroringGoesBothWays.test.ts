import { mirroringGoesBothWays } from "../../../policies/rules/mirroringGoesBothWays";
import { command } from "../fixtures";
import { testRule } from "../support";

const said = "'run' makes a peer of one direction; write --direction rx-tx";

testRule(mirroringGoesBothWays, {
    passes: {
        "both ways": command("rbd mirror pool peer bootstrap import --direction rx-tx volumes -"),
        "the default": command("rbd mirror pool peer add volumes client.x@b"),
        "another program": command("x mirror pool peer --direction rx-only"),
        "another verb": command("rbd mirror pool info --direction rx-only"),
    },
    fails: {
        "one way": [
            command(
                "rbd mirror pool peer bootstrap import --site-name b --direction rx-only volumes -",
            ),
            said,
        ],
        "one way with an equals sign": [
            command("rbd mirror pool peer bootstrap import --direction=rx-only volumes -"),
            said,
        ],
    },
    unknown: ["create"],
});
