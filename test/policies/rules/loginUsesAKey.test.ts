import { loginUsesAKey } from "../../../policies/rules/loginUsesAKey";
import { command, connection } from "../fixtures";
import { testRule } from "../support";

testRule(loginUsesAKey, {
    passes: {
        "a key": command("true", { connection: connection({ privateKey: "k" }) }),
        "a null": command("true", { connection: connection({ password: null }) }),
    },
    fails: {
        "a password": [
            command("true", { connection: connection({ password: "x" }) }),
            "'run' connection logs in with a password; use a key or the SSH agent",
        ],
        "a password that is not known yet": [
            command("true", {
                connection: connection({ password: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }),
            }),
            "'run' connection logs in with a password; use a key or the SSH agent",
        ],
    },
    unknown: ["connection"],
});
