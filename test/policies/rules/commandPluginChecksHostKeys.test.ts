import { commandPluginChecksHostKeys } from "../../../policies/rules/commandPluginChecksHostKeys";
import { command, localCommand } from "../fixtures";
import { testRule } from "../support";

const said = (version: string) => `'run' runs with the command provider ${version}; use 1.2.1`;

testRule(commandPluginChecksHostKeys, {
    passes: {
        "1.2.1": command("true"),
        "a provider of the program that says no version": {
            ...command("true"),
            provider: { name: "mine", props: {} },
        },
        "no provider": { type: "command:remote:Command", name: "run", props: {} },
        "a local command": {
            ...localCommand("true"),
            provider: { name: "default_4_5_0", props: { version: "4.5.0" } },
        },
    },
    fails: {
        "the stray build": [
            {
                ...command("true"),
                provider: { name: "default_4_5_0", props: { version: "4.5.0" } },
            },
            said("'4.5.0'"),
        ],
        "a version of the resource": [command("true", { version: "1.0.1" }), said("'1.0.1'")],
        "a copy": [
            {
                ...command("true"),
                type: "command:remote:CopyToRemote",
                provider: { name: "d", props: { version: "1.1.0" } },
            },
            said("'1.1.0'"),
        ],
    },
    settings: {
        "passes another version": [
            { versions: ["1.2.1", "1.3.0"] },
            { ...command("true"), provider: { name: "d", props: { version: "1.3.0" } } },
        ],
        "lists its versions": [
            { versions: ["1.3.0", "1.4.0"] },
            command("true"),
            said("'1.2.1'").replace("use 1.2.1", "use 1.3.0 or 1.4.0"),
        ],
    },
});
