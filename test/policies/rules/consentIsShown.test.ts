import { consentIsShown } from "../../../policies/rules/consentIsShown";
import { command, host } from "../fixtures";
import { testRule } from "../support";

testRule(consentIsShown, {
    passes: { "no consent": host(), "another resource": command("true", { consent: { a: "b" } }) },
    fails: {
        "a consent": [
            host({ consent: { unreachableTarget: "the link comes in May" } }),
            "'cinder-a' is consented to go on with unreachableTarget, because 'the link comes in May'; take the consent out when the reason is gone",
        ],
    },
    unknown: ["consent"],
});
