/** Faults of a push that happen before the host's own script can speak, and what to do about each. */
const FAULTS: readonly [RegExp, step: string, next: string][] = [
    [
        /key mismatch/i,
        "host key",
        "the host shows another key than the pinned hostKey: find out why before you pin the new one",
    ],
    [
        /unable to authenticate|no supported methods remain/i,
        "login",
        "the host refuses this user and key: check user, identityFile or the SSH agent",
    ],
    [
        /cannot decode|ssh: no key found|passphrase protected/i,
        "login",
        "the identityFile is no usable private key: use an unencrypted one or the SSH agent",
    ],
    [
        /sudo:.*(?:password is required|not allowed|may not run|a terminal is required)|is not in the sudoers file/i,
        "sudo",
        "the login needs the sudoers line of docs/hosts.md, without a password",
    ],
    [
        /python3?\S*: (?:command )?not found|No such file or directory.*python|python\S*: No such file/i,
        "python",
        "the host's `python` must name the interpreter of its cinder-volume",
    ],
    [
        /connection refused|no route to host|i\/o timeout|deadline exceeded|connection reset|no such host|network is unreachable|EOF/i,
        "connect",
        "the host cannot be reached: nothing was changed on it; bring it up and run `pulumi up` again",
    ],
];

/**
 * One sentence for a failed push that the host's script could not explain itself; undefined when it did.
 * @param error what the engine reported
 */
export function explainPushFault(host: string, error: string): string | undefined {
    if (error.includes(`cinder-dr: ${host}: `)) return undefined;
    const fault = FAULTS.find(([pattern]) => pattern.test(error));
    if (fault === undefined) {
        return /remote command exited without exit status/.test(error)
            ? `${host}: connection: it was lost during the push; the host finishes or rolls back by itself, run \`pulumi up\` again`
            : undefined;
    }
    return `${host}: ${fault[1]}: ${fault[2]}`;
}
