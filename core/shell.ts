/** A command as words, without a shell. */
export type Words = readonly string[];

/** Words that every POSIX shell reads back unchanged without quotes. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/** One line that a POSIX shell splits into exactly these words. */
export const toShell = (command: Words): string =>
    command
        .map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
        .join(" ");
