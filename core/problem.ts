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

export const formatProblem = ({ propertyPath, reason }: Problem): string =>
    propertyPath === "" ? reason : `${propertyPath} ${reason}`;

/** The longest part of a bad value that an error shows. */
const SHOWN = 80;

/** A private key, or a cephx key (base64 of a 28-byte record that starts with its type, 1), typed into the wrong field. */
const SECRET = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^]*|AQ[A-Za-z0-9+/]{38}/g;

/** A bad value as errors show it: on one line, quoted, cut, with control characters made visible and keys hidden. */
export function shown(value: unknown): string {
    if (value === undefined) return "nothing";
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? typeof value);
    const oneLine = text.replace(SECRET, "[secret]").replace(
        // eslint-disable-next-line no-control-regex -- control characters are what must become visible
        /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    return `'${oneLine.length > SHOWN ? `${oneLine.slice(0, SHOWN)}…` : oneLine}'`;
}
