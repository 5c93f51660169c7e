import { retypesNothingBeforeVictoria } from "../../../policies/rules/retypesNothingBeforeVictoria";
import { command, confCommand, recovery, stanza } from "../fixtures";
import { testRule } from "../support";

const conf = confCommand(stanza());
const retypes = command("cinder retype --migration-policy never a replicated");
const said =
    "'run' retypes a volume under Cinder 16, which breaks its replication; create a volume of the new type and copy";

testRule(retypesNothingBeforeVictoria, {
    passes: {
        "a release that retypes rightly": [recovery({ release: 17 }), conf, retypes],
        "no release": [recovery(), conf, retypes],
        "a stack without replication": [recovery({ release: 16 }), retypes],
        "another change of a volume": [
            recovery({ release: 16 }),
            conf,
            command("openstack volume set --name b a"),
        ],
        "a change of a type": [
            recovery({ release: 16 }),
            conf,
            command("openstack volume type set --type b a"),
        ],
    },
    fails: {
        "cinder retype": [[retypes, recovery({ release: 16 }), conf], said],
        "openstack volume set": [
            [
                command("openstack volume set --type replicated --retype-policy never a"),
                recovery({ release: 16 }),
                conf,
            ],
            said,
        ],
    },
    unknown: ["create"],
    settings: {
        "fails for a release that the stack does not say": [{ release: 16 }, [conf, retypes], said],
    },
});
