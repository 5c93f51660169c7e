import { aboutStatements } from "../about";
import { callOf, optionsOf, verbsOf } from "../facts/shellWords";
import type { ResourceRule } from "../rule";

const FILE = /\/cinder\/[\w.-]*\.conf$|\/cinder\.conf\b|\.keyring$/;

/** `install -m 644`, `-Dm644`, `--mode=644`; the last word of a cluster of flags that ends with m. */
function modesIn(words: readonly string[]): string[] {
    const chmod = callOf(words, "chmod");
    const install = callOf(words, "install") ?? [];
    const attached = install.flatMap((word) => /^-[A-Za-z]*m(.+)$/.exec(word)?.[1] ?? []);
    const apart = install.filter((_, i) => /^-[A-Za-z]*m$/.test(install[i - 1] ?? ""));
    const given = [...attached, ...apart, ...optionsOf(install, "--mode")];
    return [...given, ...verbsOf(chmod ?? []).slice(0, 1)].flatMap((mode) => mode.split(","));
}

/** Octal with a last digit that gives anything, or symbols that give something to others or to all. */
const OPEN = /^(?:[0-7]*[1-7]|(?:[ugo]*[ao][ugoa]*)?[+=][rwxX]*[rwx][rwxX]*)$/;

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
        if (modesIn(words).some((mode) => OPEN.test(mode)))
            yield "makes cinder.conf or a keyring readable by all; use mode 0640 and the group cinder";
    }),
};
