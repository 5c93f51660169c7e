import { strict as assert } from "node:assert";

import { commandOutputIsNotLogged } from "../../../policies/rules/commandOutputIsNotLogged";
import { command, localCommand } from "../fixtures";
import { repaired, testRule } from "../support";

const said = "'run' logs its output and is handed stdin or an environment; set logging: none";

describe("the repair of command-output-is-not-logged", () => {
    it("sets logging: none", async () => {
        const props = await repaired(
            commandOutputIsNotLogged,
            command("true", { stdin: "x", logging: "stdout" }),
        );
        assert.equal(props?.logging, "none");
    });

    it("leaves a silent command alone", async () => {
        assert.equal(
            await repaired(
                commandOutputIsNotLogged,
                command("true", { stdin: "x", logging: "none" }),
            ),
            undefined,
        );
    });
});

testRule(commandOutputIsNotLogged, {
    passes: {
        "nothing handed over": command("true"),
        "logging none": command("true", { stdin: "x", logging: "none" }),
        "logging that is not known yet": command("true", {
            stdin: "x",
            logging: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        }),
        "a local command": localCommand("true", { stdin: "x" }),
    },
    fails: {
        stdin: [command("true", { stdin: "x" }), said],
        "an environment": [command("true", { environment: { A: "b" }, logging: "stdout" }), said],
    },
    unknown: ["logging"].slice(1),
});
