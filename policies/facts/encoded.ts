import type { Plain } from "../seen";

/** One run of base64, or several lines of one length as encoders break them. */
const BASE64 = /(?:[A-Za-z0-9+/]{64,76}\r?\n\s*)+[A-Za-z0-9+/]+={0,2}|[A-Za-z0-9+/]{24,}={0,2}/g;

/** Bytes that are a text by chance are none: each one is so in two of five cases. */
const PRINTABLE = /^[\t\n\r\x20-\x7e]+$/;

function decoded(run: string): string | undefined {
    const text = Buffer.from(run, "base64").toString("latin1");
    return PRINTABLE.test(text) ? text : undefined;
}

/** The texts that stand in a text as base64, as manifests and scripts carry files. */
export const base64In = (text: string): string[] =>
    (text.match(BASE64) ?? []).flatMap((run) => decoded(run) ?? []);

/** A text without its base64 that is text again. */
export const withoutBase64 = (text: string): string =>
    text.replace(BASE64, (run) => (decoded(run) === undefined ? run : " "));

/** What a text means as JSON, or undefined where it is none: deployment tools take their values so. */
export function jsonIn(text: string): Plain {
    if (!/^\s*[{[]/.test(text)) return undefined;
    try {
        return JSON.parse(text) as Plain;
    } catch {
        // A section of cinder.conf begins with a bracket too.
        return undefined;
    }
}
