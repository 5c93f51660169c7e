import { hostKeyIsPinned } from "../../../policies/rules/hostKeyIsPinned";
import { command, connection, host, HOST_KEY } from "../fixtures";
import { testRule } from "../support";

const said = (hop: string) =>
    `'run' ${hop} pins no host key; add hostKey with the host's /etc/ssh/ssh_host_ed25519_key.pub`;

testRule(hostKeyIsPinned, {
    passes: {
        "a pinned key": command("true"),
        "a host component": host(),
        "a pinned jump host": command("true", { connection: connection({ proxy: connection() }) }),
        "a key that is not known yet": command("true", {
            connection: connection({ hostKey: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }),
        }),
        "a local command": { type: "command:local:Command", name: "l", props: { connection: {} } },
    },
    fails: {
        absence: [
            command("true", { connection: { host: "a", user: "deploy" } }),
            said("connection"),
        ],
        "an empty key": [
            command("true", { connection: connection({ hostKey: " " }) }),
            said("connection"),
        ],
        "a null": [
            command("true", { connection: connection({ hostKey: null }) }),
            said("connection"),
        ],
        "a jump host without": [
            command("true", { connection: connection({ proxy: { host: "j" } }) }),
            said("connection.proxy"),
        ],
        "a copy": [
            {
                type: "command:remote:CopyToRemote",
                name: "run",
                props: { connection: { host: "a" } },
            },
            said("connection"),
        ],
        "a host component without": [
            host({ hostKey: "" }),
            said("host").replace("'run'", "'cinder-a'"),
        ],
        "no connection": [
            {
                type: "command:remote:Command",
                name: "run",
                props: { create: "true", key: HOST_KEY },
            },
            said("connection"),
        ],
    },
    unknown: ["connection"],
});
