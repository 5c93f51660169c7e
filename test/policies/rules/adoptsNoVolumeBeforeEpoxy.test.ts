import { adoptsNoVolumeBeforeEpoxy } from "../../../policies/rules/adoptsNoVolumeBeforeEpoxy";
import { command, confCommand, recovery, stanza } from "../fixtures";
import { testRule } from "../support";

const conf = confCommand(stanza());
const manages = command("cinder manage --id-type source-name cinder-a@ceph#ceph volume-1");
const said = (major: number) =>
    `'run' manages an existing image under Cinder ${String(major)}, which leaves it unmirrored; create the volume and copy, or retype it afterwards`;

testRule(adoptsNoVolumeBeforeEpoxy, {
    passes: {
        "a release that sets the status": [recovery({ release: 27 }), conf, manages],
        "no release": [recovery(), conf, manages],
        "a stack without replication": [recovery({ release: 21 }), manages],
        "another command": [recovery({ release: 21 }), conf, command("cinder list")],
    },
    fails: {
        "an older release": [[manages, recovery({ release: 21 }), conf], said(21)],
        "the release that may lack the repair": [
            [manages, recovery({ release: 26 }), conf],
            said(26),
        ],
    },
    unknown: ["create"],
    settings: {
        "fails for a release that the stack does not say": [
            { release: 24 },
            [conf, manages],
            said(24),
        ],
        "passes for a newer one than the stack says": [
            { release: 28 },
            [recovery({ release: 21 }), conf, manages],
        ],
    },
});
