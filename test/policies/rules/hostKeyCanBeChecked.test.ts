import { hostKeyCanBeChecked } from "../../../policies/rules/hostKeyCanBeChecked";
import { command, connection, host, HOST_KEY, RSA_KEY } from "../fixtures";
import { testRule } from "../support";

const pinned = (hostKey: string) => command("true", { connection: connection({ hostKey }) });
const rsa = (hop: string) =>
    `'run' ${hop} pins an RSA host key, which the command provider cannot check; pin the host's ed25519 key`;
const other = (hop: string) =>
    `${hop} pins something that is no whole ed25519 or ecdsa key; copy the host's /etc/ssh/ssh_host_ed25519_key.pub`;

testRule(hostKeyCanBeChecked, {
    passes: {
        "an ed25519 key": command("true"),
        "a key with spaces round it": pinned(` ${HOST_KEY}\n`),
        absence: command("true", { connection: { host: "a" } }),
        "an empty one, refused elsewhere": pinned(""),
    },
    fails: {
        "an RSA key": [pinned(RSA_KEY), rsa("connection")],
        "another RSA name": [pinned(`rsa-sha2-512 AAAA`), rsa("connection")],
        "a short RSA name": [pinned(`rsa AAAA`), rsa("connection")],
        "a jump host's RSA key": [
            command("true", {
                connection: connection({ proxy: connection({ hostKey: RSA_KEY }) }),
            }),
            rsa("connection.proxy"),
        ],
        "half a key": [pinned(HOST_KEY.slice(0, 40)), other("'run' connection")],
        "a fingerprint": [pinned("SHA256:abc"), other("'run' connection")],
        DSA: [pinned("ssh-dss AAAAB3NzaC1kc3M="), other("'run' connection")],
        "a host component's": [host({ hostKey: "x" }), other("'cinder-a' host")],
    },
    unknown: ["connection", "connection.hostKey"],
});
