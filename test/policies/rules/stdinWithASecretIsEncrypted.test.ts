import { strict as assert } from "node:assert";
import { Secret } from "@pulumi/policy";
import { secretsPreservingProxy } from "@pulumi/policy/secret";

import { policiesOf } from "../../../policies/policy";
import { stdinWithASecretIsEncrypted } from "../../../policies/rules/stdinWithASecretIsEncrypted";
import { command, HOST_KEY, volumeType } from "../fixtures";
import { argsOf, proxied, testRule } from "../support";

const KEY = "AQBJ7m5mAAAAABAAvTq2cJ1Yk0nA8vD3mXb9Yg==";

/** Repairs through the very proxies that the SDK hands to a repair; gives what stands in the inputs afterwards. */
async function repairedStdin(stdin: unknown): Promise<{ reported: boolean; stdin: unknown }> {
    const [policy] = policiesOf([stdinWithASecretIsEncrypted], [], "2026-11-22");
    assert.ok(policy && "remediateResource" in policy && policy.remediateResource);
    const held: Record<string, unknown> = { create: "sh -s", stdin };
    const props = proxied(secretsPreservingProxy(held) as object);
    const result = await policy.remediateResource({ ...argsOf(command("sh -s")), props });
    return { reported: result !== undefined, stdin: held.stdin };
}

describe("the repair of stdin-with-a-secret-is-encrypted", () => {
    it("encrypts a plain secret", async () => {
        const { reported, stdin } = await repairedStdin(KEY);
        assert.ok(reported && stdin instanceof Secret);
        assert.equal(stdin.value, KEY);
    });

    it("leaves an encrypted one alone", async () => {
        const { reported, stdin } = await repairedStdin(new Secret(KEY));
        assert.ok(!reported && stdin instanceof Secret);
        assert.equal(stdin.value, KEY);
    });

    it("leaves a public key alone", async () => {
        assert.deepEqual(await repairedStdin(HOST_KEY), { reported: false, stdin: HOST_KEY });
    });
});

testRule(stdinWithASecretIsEncrypted, {
    passes: {
        "no stdin": command("true"),
        "stdin without a secret": command("sh -s", { stdin: "systemctl restart cinder-volume" }),
        "stdin that is a Pulumi secret": command("sh -s", { stdin: new Secret(KEY) }),
        "the push of a host component": {
            ...command("sh -s", { stdin: KEY }),
            parentType: "cinder-dr:index:CinderHost",
        },
        "another resource": { ...volumeType(), props: { stdin: KEY } },
    },
    fails: {
        "a secret on stdin": [
            command("sh -s", { stdin: KEY }),
            "'run' carries a plain secret on stdin; wrap it in pulumi.secret",
        ],
    },
    unknown: ["stdin"],
});
