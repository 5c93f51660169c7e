import { hostKeyFault } from "../../core/topology/connection";
import { aboutHops } from "../about";
import type { ResourceRule } from "../rule";
import { textIn } from "../seen";

export const hostKeyCanBeChecked: ResourceRule = {
    name: "host-key-can-be-checked",
    demand: "A pinned host key is a whole ed25519 or ecdsa key",
    why: "The command provider offers only SHA-1 for an RSA pin, which OpenSSH refuses since 8.8",
    source: "pulumi-command connection.go 1.2.1; OpenSSH 8.8 release notes",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [1],
    judge: aboutHops(function* ({ fields }) {
        const hostKey = textIn(fields.hostKey)?.trim();
        if (hostKey === undefined || hostKey === "" || hostKeyFault(hostKey) === undefined) return;
        yield /^(?:ssh-)?rsa\b|^rsa-/.test(hostKey)
            ? "pins an RSA host key, which the command provider cannot check; pin the host's ed25519 key"
            : "pins something that is no whole ed25519 or ecdsa key; copy the host's /etc/ssh/ssh_host_ed25519_key.pub";
    }),
};
