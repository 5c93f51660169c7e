import { rolloutStartsWithACanary } from "../../../policies/rules/rolloutStartsWithACanary";
import { command, recovery } from "../fixtures";
import { testRule } from "../support";

testRule(rolloutStartsWithACanary, {
    passes: {
        "a canary": recovery(),
        "another resource": command("true", { rollout: { canary: 0 } }),
        "bigger batches": recovery({ rollout: { canary: 1, batch: 5 } }),
    },
    fails: {
        "no canary": [
            recovery({ rollout: { canary: 0, batch: 1 } }),
            "'cinder-dr' has no canary; set rollout.canary to 1 or more",
        ],
        "all at once": [
            recovery({ rollout: { canary: 1, batch: "all" } }),
            "'cinder-dr' restarts all hosts at once; set rollout.batch to a number",
        ],
    },
    unknown: ["rollout"],
});
