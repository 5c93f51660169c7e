import { secretIn } from "../facts/secretText";
import { isCommand, isOwnPush } from "../facts/texts";
import type { ResourceRule } from "../rule";
import { type Seen, textIn } from "../seen";

/** Where it cannot be told whether stdin is a secret, secret-inputs-are-known says so. */
const showsSecret = (seen: Seen): boolean =>
    isCommand(seen) &&
    !isOwnPush(seen) &&
    seen.secret?.includes("stdin") === false &&
    secretIn(textIn(seen.inputs.stdin) ?? "") !== undefined;

export const stdinWithASecretIsEncrypted: ResourceRule = {
    name: "stdin-with-a-secret-is-encrypted",
    demand: "A secret on stdin is a Pulumi secret",
    why: "stdin stands in the state and in previews in clear unless it is marked",
    source: "pulumi-command command.go: connection is marked, stdin is not",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [5],
    *judge(seen) {
        if (showsSecret(seen)) yield "carries a plain secret on stdin; wrap it in pulumi.secret";
    },
    *repair(seen) {
        if (showsSecret(seen)) yield { path: ["stdin"], value: seen.inputs.stdin, secret: true };
    },
};
