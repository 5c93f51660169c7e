import assert from "node:assert/strict";

import { explainPushFault } from "../../core/pushFault";

const UNREACHABLE =
    "h: connect: the host cannot be reached: nothing was changed on it; bring it up and run `pulumi up` again";
const LOGIN =
    "h: login: the host refuses this user and key: check user, identityFile or the SSH agent";
const SUDO = "h: sudo: the login needs the sudoers line of docs/hosts.md, without a password";

describe("a push's fault", () => {
    const faults: [error: string, sentence: string | undefined][] = [
        [
            "ssh: handshake failed: ssh: host key mismatch",
            "h: host key: the host shows another key than the pinned hostKey: find out why before you pin the new one",
        ],
        [
            "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain",
            LOGIN,
        ],
        [
            "ssh: no key found",
            "h: login: the identityFile is no usable private key: use an unencrypted one or the SSH agent",
        ],
        [
            "ssh: this private key is passphrase protected",
            "h: login: the identityFile is no usable private key: use an unencrypted one or the SSH agent",
        ],
        ['Process exited with status 1: running "sudo -n …":\nsudo: a password is required', SUDO],
        ["sudo: a terminal is required to read the password", SUDO],
        ["deploy is not in the sudoers file.", SUDO],
        [
            "Process exited with status 127: bash: line 1: /usr/bin/python3: No such file or directory",
            "h: python: the host's `python` must name the interpreter of its cinder-volume",
        ],
        [
            "sh: 1: /opt/venv/bin/python3: not found",
            "h: python: the host's `python` must name the interpreter of its cinder-volume",
        ],
        ["dial tcp 192.0.2.1:22: connect: connection refused", UNREACHABLE],
        ["dial tcp 192.0.2.1:22: i/o timeout", UNREACHABLE],
        ["dial tcp: lookup h: no such host", UNREACHABLE],
        [
            "wait: remote command exited without exit status or exit signal",
            "h: connection: it was lost during the push; the host finishes or rolls back by itself, run `pulumi up` again",
        ],
        ["cinder-dr: h: target: connection refused", undefined],
        ["something else", undefined],
    ];
    for (const [error, sentence] of faults)
        it(`is explained for: ${error.slice(0, 60)}`, () => {
            assert.equal(explainPushFault("h", error), sentence);
        });
});
