import { commandPluginChecksHostKeys } from "../../../policies/rules/commandPluginChecksHostKeys";
import { command, localCommand } from "../fixtures";
import { testRule } from "../support";

const by = (version: string, type = "command:remote:Command") => ({
    ...command("true"),
    type,
    provider: { name: "default", props: { version } },
});
const said = (version: string, right = "1.2.1 or a later 1.x") =>
    `'run' runs with the command provider '${version}'; use ${right}`;

testRule(commandPluginChecksHostKeys, {
    passes: {
        "1.2.1": command("true"),
        "a later one": by("1.10.0"),
        "a provider of the program that says no version": {
            ...command("true"),
            provider: { name: "mine", props: {} },
        },
        "no provider": { type: "command:remote:Command", name: "run", props: {} },
        "a local command": { ...localCommand("true"), provider: by("4.5.0").provider },
    },
    fails: {
        "the stray build": [by("4.5.0"), said("4.5.0")],
        "a version without host keys": [by("1.0.5"), said("1.0.5")],
        "another one without": [by("1.1.3"), said("1.1.3")],
        "a version that only holds a right one": [by("11.2.0"), said("11.2.0")],
        "a version of the resource": [command("true", { version: "1.0.1" }), said("1.0.1")],
        "a copy": [by("0.9.0", "command:remote:CopyToRemote"), said("0.9.0")],
    },
    settings: {
        "passes one of its versions": [{ versions: ["1.2.1", "1.3.0"] }, by("1.3.0")],
        "passes a provider that says no version": [
            { versions: ["1.3.0"] },
            { type: "command:remote:Command", name: "run", props: {} },
        ],
        "fails for any other": [
            { versions: ["1.3.0", "1.4.0"] },
            command("true"),
            said("1.2.1", "1.3.0 or 1.4.0"),
        ],
    },
});
