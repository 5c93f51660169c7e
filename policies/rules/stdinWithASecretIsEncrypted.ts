import { secretIn } from "../facts/secretText";
import { isCommand, isOwnPush } from "../facts/texts";
import type { ResourceRule } from "../rule";
import { type Seen, textIn } from "../seen";

const carriesSecret = (seen: Seen): boolean =>
    isCommand(seen) && !isOwnPush(seen) && secretIn(textIn(seen.inputs.stdin) ?? "") !== undefined;

export const stdinWithASecretIsEncrypted: ResourceRule = {
    name: "stdin-with-a-secret-is-encrypted",
    demand: "A secret on stdin is a Pulumi secret",
    why: "stdin stands in the state and in previews in clear unless it is marked; only the repair of this rule can see the mark, so its refusal asks for that level",
    source: "pulumi-command command.go: connection is marked, stdin is not",
    level: "advisory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [5],
    *judge(seen) {
        if (carriesSecret(seen) && !seen.opts.additionalSecretOutputs.includes("stdin"))
            yield "carries a secret on stdin; wrap it in pulumi.secret, and set this rule to remediate to have that done and proven";
    },
    *repair(seen) {
        if (carriesSecret(seen) && !seen.secret.includes("stdin"))
            yield { path: ["stdin"], value: seen.inputs.stdin, secret: true };
    },
};
