import { quoted } from "../quoted";
import type { ResourceRule } from "../rule";
import { textIn } from "../seen";

const CHECKS_KEYS = /^v?1\.(?:[2-9]|\d{2,})\./;

export const commandPluginChecksHostKeys: ResourceRule = {
    name: "command-plugin-checks-host-keys",
    demand: "The command provider is a version that checks host keys",
    why: "4.5.0 is a stray old build that npm calls latest; it and everything before 1.2 has no hostKey and accepts any host",
    source: "npm dist-tags of @pulumi/command; pulumi-command#794",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [24],
    settings: {
        versions: {
            type: "array",
            items: { type: "string" },
            default: [],
            description:
                "The only versions of the command provider that are right here. Empty: 1.2 and later, but not 4.",
        },
    },
    *judge({ type, inputs, provider }, { versions }) {
        if (!type.startsWith("command:remote:")) return;
        // An explicit provider of the program may name no version; the default one always does.
        const version = textIn(inputs.version) ?? textIn(provider?.inputs.version);
        const right = versions as string[];
        const isRight =
            right.length > 0 ? right.includes(version ?? "") : CHECKS_KEYS.test(version ?? "");
        if (version !== undefined && !isRight)
            yield `runs with the command provider ${quoted(version)}; use ${right.length > 0 ? right.join(" or ") : "1.2.1 or a later 1.x"}`;
    },
};
