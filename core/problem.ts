import { escapeOf } from "./named";

/** One thing that is wrong with a value the user typed. */
export interface Problem {
    /** Where it was typed, e.g. `backends.ceph.replicationDevice.backendId`; empty for the whole value. */
    propertyPath: string;
    /** `must <demand>, got '<value>'`; never quotes a secret. */
    reason: string;
}

/** Bad input: carries every problem at once, each at the path the user typed. */
export class ProblemsError extends Error {
    constructor(
        readonly subject: string,
        readonly problems: readonly Problem[],
    ) {
        super(
            [`${subject}: ${String(problems.length)} problem(s)`]
                .concat(problems.map((p) => `  ${formatProblem(p)}`))
                .join("\n"),
        );
        this.name = "ProblemsError";
    }
}

/** The longest part of a bad value that an error shows. */
const SHOWN = 80;

/** A private key, or a cephx key (base64 of a record that starts with its type, 1 or 2), typed into the wrong field. */
const SECRET = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]*|A[Qg][A-Za-z0-9+/]{36,}={0,2}/g;

const INVISIBLE =
    // eslint-disable-next-line no-control-regex -- characters that nobody sees are what must become visible
    /[\u0000-\u001f\u007f-\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/g;

/** Typed text as errors show it: on one line, what nobody would see made visible, keys hidden. */
const visible = (text: string): string =>
    text.replace(SECRET, "[secret]").replace(INVISIBLE, escapeOf);

const cut = (text: string, length: number): string =>
    text.length > length ? `${text.slice(0, length)}…` : text;

export const formatProblem = ({ propertyPath, reason }: Problem): string =>
    propertyPath === "" ? reason : `${cut(visible(propertyPath), 3 * SHOWN)} ${reason}`;

/** A bad value as errors show it: quoted, cut, on one line and without keys. */
export function shown(value: unknown): string {
    if (value === undefined) return "nothing";
    const text =
        typeof value === "string"
            ? value
            : ((JSON.stringify(value) as string | undefined) ?? typeof value);
    return `'${cut(visible(text), SHOWN)}'`;
}

/** What an error says, whatever was thrown. */
export const wordsOf = (error: unknown): string =>
    error instanceof Error ? error.message : String(error);
