import { once, type Seen } from "../seen";
import { scriptsOf } from "./texts";

const OPERATOR = /[;&|()\n]/;

/** Reads one word from `at`; quotes and backslashes are taken as a POSIX shell takes them, substitutions are left as text. */
function readWord(text: string, at: number): { word: string; next: number } {
    let word = "";
    for (; at < text.length; at++) {
        const c = text.charAt(at);
        if (/\s/.test(c) || OPERATOR.test(c)) break;
        if (c === "'" || c === '"') {
            for (at++; at < text.length && text.charAt(at) !== c; at++) {
                if (c === '"' && text.charAt(at) === "\\" && at + 1 < text.length) at++;
                word += text.charAt(at);
            }
        } else if (c === "\\") {
            at++;
            if (text.charAt(at) !== "\n") word += text.charAt(at);
        } else word += c;
    }
    return { word, next: at };
}

/** The simple commands of a shell script as words. A word that is a script itself (`sh -c '…'`) is split too. */
export function statementsIn(text: string): string[][] {
    const statements: string[][] = [];
    let words: string[] = [];
    const end = () => {
        if (words.length > 0) statements.push(words);
        words = [];
    };
    for (let at = 0; at < text.length;) {
        const c = text.charAt(at);
        if (OPERATOR.test(c)) {
            end();
            at++;
        } else if (/\s/.test(c)) at++;
        else if (c === "#") {
            const line = text.indexOf("\n", at);
            at = line < 0 ? text.length : line;
        } else {
            const { word, next } = readWord(text, at);
            words.push(word);
            at = next;
        }
    }
    end();
    return statements.flatMap((statement) => [statement, ...nested(statement)]);
}

/** What stands behind `sh -c`, `bash -lc`, `ssh host` and the like. */
const nested = (words: string[]): string[][] =>
    words.slice(1).flatMap((word, i) => {
        const before = words[i] ?? "";
        return /\s/.test(word) && /^-[a-z]*c$/.test(before) ? statementsIn(word) : [];
    });

/** Words from a program's name on, wherever it stands in the command: after `sudo -n`, `timeout 60`, `docker exec x`. */
export function callOf(words: readonly string[], program: string): string[] | undefined {
    const at = words.findIndex((word) => word === program || word.endsWith(`/${program}`));
    return at < 0 ? undefined : words.slice(at + 1);
}

/** All commands that a command resource runs. */
export const statementsOf = (seen: Seen): string[][] => once(seen, allStatements);

const allStatements = (seen: Seen): string[][] =>
    scriptsOf(seen).flatMap(({ text }) => statementsIn(text));

/** The arguments of every call of `program`. */
export const callsOf = (seen: Seen, program: string): string[][] =>
    statementsOf(seen).flatMap((words) => {
        const call = callOf(words, program);
        return call === undefined ? [] : [call];
    });

/** The arguments that are no options, and so a verb and its objects. */
export const verbsOf = (call: readonly string[]): string[] =>
    call.filter((word) => !word.startsWith("-"));

/** The arguments without options and their values; `flags` are the options that have none. */
export const positionalsOf = (call: readonly string[], flags: readonly string[] = []): string[] =>
    call.filter((word, i) => {
        const before = call[i - 1] ?? "";
        const isValue = before.startsWith("--") && !before.includes("=") && !flags.includes(before);
        return !word.startsWith("-") && !isValue;
    });

/** Whether `verbs` follow each other among the arguments, options between them left out. */
export const hasVerbs = (call: readonly string[], ...verbs: string[]): boolean => {
    const words = verbsOf(call);
    const at = words.indexOf(verbs[0] ?? "");
    return at >= 0 && verbs.every((verb, i) => words[at + i] === verb);
};

/** Values of an option, as `--name value` or `--name=value`. */
export const optionsOf = (call: readonly string[], ...names: string[]): string[] =>
    call.flatMap((word, i) => {
        if (names.includes(word)) return call[i + 1] ?? [];
        const [name = "", ...value] = word.split("=");
        return word.startsWith("--") && names.includes(name) && value.length > 0
            ? [value.join("=")]
            : [];
    });
