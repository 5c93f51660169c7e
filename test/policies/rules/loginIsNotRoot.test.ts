import { loginIsNotRoot } from "../../../policies/rules/loginIsNotRoot";
import { command, connection, host } from "../fixtures";
import { testRule } from "../support";

const said = (hop: string) =>
    `${hop} logs in as root; set user to a login with a narrow sudoers line`;

testRule(loginIsNotRoot, {
    passes: {
        "a login of its own": command("true"),
        "a host component": host(),
        "the push of a host component, which says it": {
            ...command("true", { connection: connection({ user: "root" }) }),
            parentType: "cinder-dr:index:CinderHost",
        },
    },
    fails: {
        root: [
            command("true", { connection: connection({ user: "root" }) }),
            said("'run' connection"),
        ],
        absence: [command("true", { connection: { host: "a" } }), said("'run' connection")],
        "a null": [
            command("true", { connection: connection({ user: null }) }),
            said("'run' connection"),
        ],
        "a jump host's": [
            command("true", { connection: connection({ proxy: { host: "j" } }) }),
            said("'run' connection.proxy"),
        ],
        "a host component's": [host({ user: "root" }), said("'cinder-a' host")],
    },
    unknown: ["connection", "connection.user"],
});
