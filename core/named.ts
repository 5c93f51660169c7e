/**
 * What moves a terminal's cursor, ends a line or turns its direction: C0, DEL and C1, the marks and overrides of the
 * bidirectional algorithm, line and paragraph separators.
 */
const ACTIVE =
    // eslint-disable-next-line no-control-regex -- characters that act on a terminal are what must not reach it
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A character (one UTF-16 unit) as it may be shown: `\u001b`. */
export const escapeOf = (c: string): string =>
    `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A line as it may stand on a terminal: on one line, and with nothing in it that acts. */
export const inert = (text: string): string => text.replace(ACTIVE, escapeOf);

/**
 * A name that the cloud's users choose, as it may be shown and compared with a shown one: it forges no line, and a command
 * in backticks stays a part of it, which nobody completes. Escaping it twice changes nothing more.
 * @param name Cinder says null of what has none
 */
export const named = (name: string | null | undefined): string =>
    inert(name ?? "").replaceAll("`", escapeOf);
