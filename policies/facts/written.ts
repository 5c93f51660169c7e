import { callOf, verbsOf } from "./shellWords";

/** What follows `>`, `>>` and the like, in the same word or in the next. */
const redirected = (words: readonly string[]): string[] =>
    words.flatMap((word, i) => {
        const [, file] = /^\d?>{1,2}(.*)$/.exec(word) ?? [];
        return file === "" ? (words[i + 1] ?? []) : (file ?? []);
    });

const CHANGES = ["--set", "--del", "--merge"];

/** The last argument is the new file, or the directory that the files before it go into. */
const copied = (call: string[]): string[] => {
    const words = verbsOf(call);
    const target = words.at(-1)?.replace(/\/$/, "");
    if (target === undefined) return [];
    const inside = words.slice(0, -1).map((file) => `${target}/${file.split("/").at(-1) ?? ""}`);
    const name = target.split("/").at(-1) ?? "";
    return [target, ...inside.filter((file) => !file.endsWith(`/${name}/${name}`))];
};

/** The files that a program writes, given its arguments. */
const WRITERS: Record<string, (call: string[]) => string[]> = {
    tee: verbsOf,
    cp: copied,
    mv: copied,
    install: copied,
    sed: (call) => (call.some((word) => /^(?:-\w*i|--in-place)/.test(word)) ? verbsOf(call) : []),
    dd: (call) => call.flatMap((word) => (word.startsWith("of=") ? [word.slice(3)] : [])),
    crudini: (call) => (call.some((word) => CHANGES.includes(word)) ? verbsOf(call) : []),
    "openstack-config": (call) =>
        call.some((word) => CHANGES.includes(word)) ? verbsOf(call) : [],
};

/** The files that a simple command may write; words that are no files among them. */
export const filesWritten = (words: readonly string[]): string[] => [
    ...redirected(words),
    ...Object.entries(WRITERS).flatMap(([program, files]) => files(callOf(words, program) ?? [])),
];
