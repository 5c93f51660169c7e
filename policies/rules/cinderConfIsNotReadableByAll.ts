import { aboutStatements } from "../about";
import type { ResourceRule } from "../rule";

const FILE = /\/cinder\/[\w.-]*\.conf$|\/cinder\.conf\b|\.keyring$/;

export const cinderConfIsNotReadableByAll: ResourceRule = {
    name: "cinder-conf-is-not-readable-by-all",
    demand: "cinder.conf and keyrings are not readable by all",
    why: "They hold the passwords of the database and the message queue, and the keys of both clusters",
    source: "OpenStack Security Guide, Block Storage checklist",
    level: "mandatory",
    severity: "high",
    reference: "Block-02",
    traps: [],
    checks: [6, 7],
    judge: aboutStatements(function* (words) {
        if (!words.some((word) => FILE.test(word))) return;
        const modes = words.flatMap((word, i) => {
            const before = words[i - 1] ?? "";
            return before === "-m" || /(?:^|\/)chmod$/.test(before)
                ? [word]
                : word.startsWith("--mode=")
                  ? [word.slice(7)]
                  : [];
        });
        if (
            modes.some(
                (mode) =>
                    /^[0-7]*[1-7]$/.test(mode) ||
                    /^(?:[ugo]*[ao][ugoa]*)?[+=][rwxX]*[rwx]/.test(mode),
            )
        )
            yield "makes cinder.conf or a keyring readable by all; use mode 0640 and the group cinder";
    }),
};
