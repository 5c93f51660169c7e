import { once, type Seen } from "../seen";
import { scriptsOf } from "./texts";

const OPERATOR = /[;&|()\n]/;

/** Where a substitution that begins at `at` ends: behind its last parenthesis or backtick, or with the text. */
function substitutionEnd(text: string, at: number): number {
    if (text.charAt(at) === "`") {
        const end = text.indexOf("`", at + 1);
        return end < 0 ? text.length : end + 1;
    }
    let depth = 0;
    for (let end = at + 1; end < text.length; end++) {
        if (text.charAt(end) === "(") depth++;
        if (text.charAt(end) === ")" && --depth === 0) return end + 1;
    }
    return text.length;
}

const isSubstitution = (text: string, at: number): boolean =>
    text.charAt(at) === "`" || text.startsWith("$(", at);

/** Reads one word from `at`; quotes and backslashes are taken as a POSIX shell takes them, substitutions are left as text. */
function readWord(text: string, at: number): { word: string; next: number } {
    let word = "";
    for (; at < text.length; at++) {
        const c = text.charAt(at);
        if (/\s/.test(c) || OPERATOR.test(c)) break;
        if (c === "'" || c === '"') {
            for (at++; at < text.length && text.charAt(at) !== c; at++) {
                if (c === '"' && isSubstitution(text, at)) {
                    const end = substitutionEnd(text, at);
                    word += text.slice(at, end);
                    at = end - 1;
                    continue;
                }
                if (c === '"' && text.charAt(at) === "\\" && at + 1 < text.length) at++;
                word += text.charAt(at);
            }
        } else if (isSubstitution(text, at)) {
            const end = substitutionEnd(text, at);
            word += text.slice(at, end);
            at = end - 1;
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

const SUBSTITUTION = /\$\(((?:[^()]|\([^()]*\))*)\)|`([^`]*)`/g;

/** What stands behind `sh -c`, `bash -lc` and the like, and what a substitution runs. */
const nested = (words: string[]): string[][] =>
    words.flatMap((word, i) => {
        const isScript = /\s/.test(word) && /^-[a-z]*c$/.test(words[i - 1] ?? "");
        const inner = [...word.matchAll(SUBSTITUTION)].map(
            ([, run, quoted]) => run ?? quoted ?? "",
        );
        return [...(isScript ? [word] : []), ...inner].flatMap(statementsIn);
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
