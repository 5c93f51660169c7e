import { hostSkipsNoCheck } from "../../../policies/rules/hostSkipsNoCheck";
import { command, host } from "../fixtures";
import { testRule } from "../support";

testRule(hostSkipsNoCheck, {
    passes: {
        "all checks": host(),
        absence: host({ skipChecks: undefined }),
        "another resource": command("true", { skipChecks: ["health"] }),
    },
    fails: {
        "two skipped": [
            host({ skipChecks: ["target", "health"] }),
            "'cinder-a' skips target, health; leave skipChecks out",
        ],
        "one that is not known": [
            host({ skipChecks: ["04da6b54-80e4-46f7-96ec-b56ff0331ba9"] }),
            "'cinder-a' skips one not known yet; leave skipChecks out",
        ],
    },
    unknown: ["skipChecks"],
});
