import { shown } from "../core/problem";
import { secretIn } from "./facts/secretText";
import { type Plain, UNKNOWN } from "./seen";

/** A value as a sentence may show it: policies are handed secrets in clear, and their messages end up in logs. */
export function quoted(value: Plain): string {
    if (value === undefined) return "nothing";
    if (value === UNKNOWN) return "a value not known yet";
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return secretIn(text) === undefined ? shown(text) : "a value that looks like a secret";
}

/** A name that was found in a text, as a sentence may show it. */
export const plainName = (name: string): string => (secretIn(name) === undefined ? name : "…");
