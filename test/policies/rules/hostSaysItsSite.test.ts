import { hostSaysItsSite } from "../../../policies/rules/hostSaysItsSite";
import { command, host } from "../fixtures";
import { testRule } from "../support";

testRule(hostSaysItsSite, {
    passes: { "a site": host(), "another resource": command("true") },
    fails: {
        absence: [
            host({ site: undefined }),
            "'cinder-a' does not say its site; write site: primary or secondary",
        ],
    },
});
